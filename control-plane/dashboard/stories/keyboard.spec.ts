/** On call with keys alone, and with a narrow phone: every page is reached, and it is seen where one is. */
import type { Locator, Page } from "@playwright/test";
import type { Person } from "./person";
import { expect, test } from "./stage";

const PHONE = "+380501234560";
const NARROW = { viewport: { width: 390, height: 844 } };
/** More than any page has here. */
const MOST_STOPS = 150;

/** What has the focus, in words. Empty where nothing has. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement;
    if (!at || at === document.body) {
      return "";
    }
    const name = at.getAttribute("aria-label") || at.textContent || at.getAttribute("value") || at.id;
    return `${at.tagName.toLowerCase()} “${name.trim().slice(0, 50)}”`;
  });
}

/** Goes there with Tab. */
async function goesTo({ page }: Person, what: Locator): Promise<void> {
  await expect(what).toBeAttached();
  const passed: string[] = [];
  while (!(await what.evaluate((element) => element === document.activeElement))) {
    if (passed.length > MOST_STOPS) {
      throw new Error(`Tab does not lead to ${what}, but past ${passed.join(", ")}`);
    }
    await page.keyboard.press("Tab");
    passed.push(await focused(page));
  }
}

/** Goes there with Tab and presses it. */
async function presses(who: Person, what: Locator, key = "Enter"): Promise<void> {
  await goesTo(who, what);
  await who.page.keyboard.press(key);
}

/** Goes on with Tab from here until it is here again; what it comes by. */
async function around<T>(page: Page, look: () => Promise<T>, key = "Tab"): Promise<T[]> {
  const start = await page.evaluateHandle(() => document.activeElement);
  const found: T[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press(key);
    // Between the last stop and the first one it is the browser's turn.
    if (await focused(page)) {
      found.push(await look());
    }
    if (await start.evaluate((element) => element === document.activeElement)) {
      return found;
    }
  }
  throw new Error(`${key} does not come round`);
}

/** The browser complains when somebody takes a mouse after all. */
async function hasNoMouse({ page }: Person): Promise<void> {
  await page.addInitScript(() => {
    const complain = ({ target }: Event) => {
      throw new Error(`a mouse was taken for ${(target as Element).outerHTML}`);
    };
    addEventListener("pointerdown", complain, true);
  });
}

/** What is wrong with how the focus shows. Empty where nothing is. */
function unseen(page: Page): Promise<string> {
  return page.evaluate(() => {
    const at = document.activeElement as HTMLElement;
    // What is drawn otherwise than by the browser has its looks beside it or around it.
    const near = [at, at.nextElementSibling, at.parentElement, at.parentElement?.parentElement].filter(
      (element): element is Element => !!element && element !== document.body,
    );
    const looks = () => {
      for (const motion of document.getAnimations()) {
        if (motion instanceof CSSTransition) {
          motion.finish();
        }
      }
      return near.map((element) => {
        const { outlineStyle, outlineWidth, outlineColor, boxShadow, borderColor } = getComputedStyle(element);
        const isOutlined = outlineStyle !== "none" && outlineWidth !== "0px";
        return [isOutlined && `${outlineWidth} ${outlineColor}`, boxShadow, borderColor].join();
      });
    };
    const name = `${at.tagName.toLowerCase()} “${at.getAttribute("aria-label") || at.textContent || at.id}”`;
    const focused = looks();
    at.blur();
    const blurred = looks();
    at.focus({ preventScroll: true });
    if (focused.join() === blurred.join()) {
      return `${name} looks as it does without the focus`;
    }
    const isDrawn = getComputedStyle(at).opacity !== "0" && at.getBoundingClientRect().width > 4;
    const shown = isDrawn ? at : (at.nextElementSibling ?? at);
    const { x, y, width, height } = shown.getBoundingClientRect();
    const parts = [0.1, 0.5, 0.9];
    const points = parts.flatMap((across) => parts.map((down) => [x + width * across, y + height * down] as const));
    const isOnTop = ([x, y]: readonly [number, number]) => {
      const top = document.elementFromPoint(x, y);
      return top !== null && (shown.contains(top) || (!isDrawn && !!shown.parentElement?.contains(top)));
    };
    return points.some(isOnTop) ? "" : `${name} is out of sight or covered, at ${Math.round(x)}, ${Math.round(y)}`;
  });
}

test("on a narrow phone the menu is opened, gone through, left and followed with keys", async ({ stage, person }) => {
  const ann = await person("Ann", NARROW);
  await hasNoMouse(ann);
  const { slug } = await stage.organization("Narrow", [{ person: await ann.isKnown() }]);
  const { page } = ann;
  await ann.opens(`/o/${slug}/alerts`);
  const burger = page.getByRole("banner").getByRole("button", { name: "Menu" });
  const menu = page.getByRole("navigation", { name: "Menu", exact: true, includeHidden: true });
  const links = menu.getByRole("link", { includeHidden: true });
  const isInMenu = () => menu.evaluate((menu) => menu.contains(document.activeElement));
  await expect(page.getByRole("heading", { name: "Alerts", level: 1 })).toBeVisible();
  await goesTo(ann, burger);
  expect(await around(page, isInMenu), "a menu that is shut takes no focus").not.toContain(true);

  await page.keyboard.press("Enter");
  await expect(burger).toHaveAttribute("aria-expanded", "true");
  await expect(links.first()).toBeFocused();
  await expect(links.last()).toBeInViewport();
  const stops = await around(page, () =>
    page.evaluate(() => {
      const at = document.activeElement;
      return { href: at?.closest("#menu") && at.getAttribute("href"), isBehind: !!at?.closest("main") };
    }),
  );
  const there = await links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  expect(there.length).toBeGreaterThan(8);
  expect(stops.flatMap(({ href }) => href ?? []).sort(), "each entry is come by").toEqual(there.sort());
  expect(
    stops.some(({ isBehind }) => isBehind),
    "what the menu covers takes no focus",
  ).toBe(false);

  await page.keyboard.press("Escape");
  await expect(burger).toHaveAttribute("aria-expanded", "false");
  await expect(burger).toBeFocused();
  await expect(links.first()).not.toBeInViewport();

  await page.keyboard.press("Enter");
  await presses(ann, menu.getByRole("link", { name: "Calls" }));
  await expect(page).toHaveURL(`/o/${slug}/calls`);
  await expect(burger).toHaveAttribute("aria-expanded", "false");
  await expect(page.getByRole("heading", { name: "Calls", level: 1 })).toBeFocused();
  await expect(links.first()).not.toBeInViewport();

  // Whoever has the phone in one hand opens it from below.
  const more = page.getByRole("button", { name: "More" });
  await presses(ann, more);
  await expect(links.first()).toBeFocused();
  await presses(ann, menu.getByRole("link", { name: "Calls" }));
  await expect(more).toHaveAttribute("aria-expanded", "false");
  await expect(more).toBeFocused();
});

test("the skip link leads to the content past a menu that is open", async ({ stage, person }) => {
  const ann = await person("Ann", NARROW);
  const { slug } = await stage.organization("Skip", [{ person: await ann.isKnown() }]);
  await ann.opens(`/o/${slug}/alerts`);
  await presses(ann, ann.page.getByRole("banner").getByRole("button", { name: "Menu" }));
  await presses(ann, ann.page.getByRole("link", { name: "Skip to the content" }));
  await expect(ann.page.getByRole("main")).toBeFocused();
});

test("from signing in to an alert that is taken, with keys alone", async ({ stage, person }) => {
  const ann = await person("Ann");
  await hasNoMouse(ann);
  await stage.phone(PHONE).ringsOut();
  const { slug, endpoint } = await stage.organization("Keys", [{ person: await ann.isKnown(), phone: PHONE }]);
  await stage.webhook(endpoint, { status: "critical", message: "disk full", host: "db-1" });
  await stage.webhook(endpoint, { status: "critical", message: "db down", host: "db-2" });
  const { page } = ann;
  await ann.isSignedOutByTime();
  await ann.opens(`/o/${slug}/alerts`);
  await goesTo(ann, ann.field("E-mail address"));
  await page.keyboard.type(ann.email);
  await goesTo(ann, ann.field("Password"));
  await page.keyboard.type(ann.password);
  await page.keyboard.press("Enter");
  const row = (message: string) => page.getByRole("row").filter({ hasText: message });
  await expect(row("db down")).toContainText("Open");

  await page.reload();
  await expect(row("db down")).toContainText("Open");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to the content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await expect(skip).not.toBeInViewport();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("radio", { name: "All" }), "the menu is passed by").toBeFocused();

  await presses(ann, page.getByRole("button", { name: "Acknowledge: db down" }));
  await expect(row("db down")).toContainText("Acknowledged");
  await page.keyboard.press("Tab");
  await expect(row("disk full").getByRole("link"), "it goes on where it was").toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Alert", level: 1 })).toBeFocused();
  await ann.sees("disk full");
  const deeds = page.getByRole("region", { name: "What to do" });
  await presses(ann, deeds.getByRole("button", { name: "Acknowledge" }));
  await expect(deeds.getByRole("button", { name: "Acknowledge" })).toBeHidden();

  const opener = deeds.getByRole("button", { name: "Close" });
  await presses(ann, opener);
  const isWithin = () => ann.dialog.evaluate((dialog) => dialog.contains(document.activeElement));
  await expect(ann.dialog).toContainText("Close this alert?");
  await expect.poll(isWithin).toBe(true);
  for (const key of ["Tab", "Shift+Tab"]) {
    const stops = await around(page, isWithin, key);
    expect(stops, `${key} stays in the dialog`).toEqual([true, true, true]);
  }
  await page.keyboard.press("Escape");
  await expect(ann.dialog).toBeHidden();
  await expect(opener).toBeFocused();

  const me = page.getByRole("button", { name: /^My account/ });
  await presses(ann, me);
  await expect(page.getByRole("menuitem", { name: "Profile" })).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("menuitem", { name: "Profile" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(me).toBeFocused();
});

test("whoever has closed an alert with keys goes on where they were", async ({ stage, person }) => {
  const ann = await person("Ann");
  await stage.phone(PHONE).ringsOut();
  const { slug, endpoint } = await stage.organization("Closing", [{ person: await ann.isKnown(), phone: PHONE }]);
  const { alert_id } = await stage.webhook(endpoint, { status: "critical", message: "db down" });
  const { page } = ann;
  await ann.opens(`/o/${slug}/alerts/${alert_id}`);
  await presses(ann, page.getByRole("region", { name: "What to do" }).getByRole("button", { name: "Close" }));
  await presses(ann, ann.dialog.getByRole("button", { name: "Close the alert" }));
  await ann.sees("Closed: nobody is called any more");
  await expect(ann.dialog).toBeHidden();
  await page.keyboard.press("Tab");
  const isOnPage = () => page.getByRole("main").evaluate((main) => main.contains(document.activeElement));
  expect(await isOnPage(), `the next stop after the deed is on its page, not ${await focused(page)}`).toBe(true);
});

for (const [how, options] of Object.entries({ wide: {}, narrow: NARROW })) {
  test(`wherever the focus is on the alerts page, it is seen: ${how}`, async ({ stage, person }) => {
    const ann = await person("Ann", options);
    await stage.phone(PHONE).ringsOut();
    const { slug, endpoint } = await stage.organization("Seen", [{ person: await ann.isKnown(), phone: PHONE }]);
    await stage.past(endpoint, 40);
    for (const host of ["db-1", "db-2", "db-3"]) {
      await stage.webhook(endpoint, { status: "critical", message: `${host} is down`, host });
    }
    const { page } = ann;
    await ann.opens(`/o/${slug}/alerts`);
    await goesTo(ann, page.getByRole("button", { name: "Acknowledge: db-2 is down" }));
    for (const key of ["Tab", "Shift+Tab"]) {
      const stops = await around(page, () => unseen(page), key);
      expect(stops.length, "there is a lot to go through").toBeGreaterThan(20);
      expect.soft(stops.filter(Boolean), `with ${key}`).toEqual([]);
    }
  });
}

test("rules are put in another order with keys alone, and stay so", async ({ stage, person }) => {
  const ann = await person("Ann");
  await hasNoMouse(ann);
  const about = (host: string) => `[[org.project.scenario.rule]]
    when = [{ field = "host", op = "eq", value = "${host}" }]
    action = { do = "call_primary" }\n`;
  const member = { person: await ann.isKnown() };
  const { slug } = await stage.organization("Order", [member], ["one", "two", "three"].map(about).join(""));
  const { page } = ann;
  await ann.opens(`/o/${slug}/projects`);
  await presses(ann, page.getByRole("main").getByRole("link", { name: "shop", exact: true }));
  await presses(ann, page.getByRole("main").getByRole("link", { name: "default", exact: true }));
  const rules = page.getByRole("listitem", { name: /^Rule \d+$/ });
  const order = () =>
    rules
      .getByRole("combobox", { name: /^Value/ })
      .evaluateAll((values) => values.map((value) => (value as HTMLInputElement).value));
  await expect.poll(order).toEqual(["one", "two", "three"]);

  const isTold = (words: string) => expect(page.getByRole("status").filter({ hasText: words })).toBeAttached();
  const handle = (place: number) => page.getByRole("button", { name: `Move rule ${place}`, exact: true });

  await presses(ann, handle(1), "Space");
  await isTold("It is at place 1 of 3 now.");
  await page.keyboard.press("ArrowDown");
  await isTold("It is at place 2 of 3 now.");
  await page.keyboard.press("Escape");
  await isTold("It stays rule 1.");
  expect(await order()).toEqual(["one", "two", "three"]);

  await expect(handle(1)).toBeFocused();
  await page.keyboard.press("Space");
  await isTold("It is at place 1 of 3 now.");
  await page.keyboard.press("ArrowDown");
  await isTold("It is at place 2 of 3 now.");
  await page.keyboard.press("Space");
  await isTold("It is rule 2 of 3.");
  await expect.poll(order).toEqual(["two", "one", "three"]);
  await expect(handle(2), "the rule that was moved keeps the focus").toBeFocused();

  await presses(ann, page.getByRole("button", { name: "Move rule 3 up" }));
  await isTold("Rule 3 is rule 2 now");
  await expect.poll(order).toEqual(["two", "three", "one"]);
  await expect(page.getByRole("button", { name: "Move rule 2 up" })).toBeFocused();

  await presses(ann, page.getByRole("button", { name: "Save", exact: true }));
  await ann.sees("Saved: alerts go by these rules from now on");
  await page.reload();
  await expect.poll(order).toEqual(["two", "three", "one"]);
});

/** Notes on this page what moves for longer than 10 ms. What but changes its colour moves nothing. */
async function notesMotion(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const noted = new Set<string>();
    Object.assign(window, { noted });
    const note = (event: Event) => {
      const target = event.target as Element;
      const { pseudoElement } = event as TransitionEvent;
      for (const motion of target.getAnimations({ subtree: true })) {
        const effect = motion.effect as KeyframeEffect;
        const property = motion instanceof CSSTransition ? motion.transitionProperty : "animation";
        const ms = Math.round(Number(effect.getComputedTiming().duration));
        const isMeant = effect.target === target && (effect.pseudoElement ?? "") === pseudoElement;
        if (isMeant && ms > 10 && !/color|opacity|shadow/.test(property)) {
          noted.add(`${property} of ${target.classList[1] ?? target.tagName}${pseudoElement}: ${ms} ms`);
        }
      }
    };
    addEventListener("transitionrun", note, true);
    addEventListener("animationstart", note, true);
  });
  return async () => {
    // What has just begun is told of with the next frame.
    await page.evaluate(() => new Promise((after) => requestAnimationFrame(() => requestAnimationFrame(after))));
    return page.evaluate(() => {
      const { noted } = window as unknown as { noted: Set<string> };
      const since = [...noted];
      noted.clear();
      return since;
    });
  };
}

test("nothing moves on the alerts page for whoever wants less motion", async ({ stage, person }) => {
  const ann = await person("Ann", { ...NARROW, reducedMotion: "reduce" });
  await stage.phone(PHONE).ringsOut();
  const { slug, endpoint } = await stage.organization("Still", [{ person: await ann.isKnown(), phone: PHONE }]);
  await stage.webhook(endpoint, { status: "critical", message: "db down" });
  const { page } = ann;
  const moved = await notesMotion(page);
  await page.route(/\/api\/v1\/alerts\?/, async (route) => {
    await new Promise((after) => setTimeout(after, 1_000));
    await route.continue();
  });
  await ann.opens(`/o/${slug}/alerts`);
  await expect(page.locator("[aria-busy=true]")).toBeVisible();
  expect.soft(await moved(), "while it is read").toEqual([]);
  await presses(ann, page.getByRole("button", { name: "Acknowledge: db down" }));
  await expect(page.getByRole("listitem").filter({ hasText: "db down" })).toContainText("Acknowledged");
  await goesTo(ann, page.getByRole("radio", { name: "All" }));
  await page.keyboard.press("ArrowRight");
  await expect(page).toHaveURL(/state=open/);
  await presses(ann, page.getByRole("button", { name: /^My account/ }));
  await expect(page.getByRole("menuitem", { name: "Profile" })).toBeVisible();
  await page.keyboard.press("Escape");
  await presses(ann, page.getByRole("banner").getByRole("button", { name: "Menu" }));
  await expect(page.getByRole("navigation", { name: "Menu", exact: true }).getByRole("link").first()).toBeFocused();
  expect.soft(await moved(), "while it is used").toEqual([]);
});
