/** Somebody before a browser. */
import { createHmac, randomBytes } from "node:crypto";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  expect,
  type Locator,
  type Page,
} from "@playwright/test";
import type { Stage } from "./stage";

const PASSWORD = "violet tractor hums quietly";

export class Person {
  readonly password = PASSWORD;
  readonly email: string;
  /** What the browser complained about. */
  readonly complaints: string[] = [];
  authenticator: Authenticator | null = null;

  private constructor(
    readonly name: string,
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly stage: Stage,
  ) {
    this.email = `${name.toLowerCase()}.${randomBytes(3).toString("hex")}@example.com`;
  }

  /** In a browser that nobody has used, and that keeps only what is necessary. */
  static async at(browser: Browser, stage: Stage, name: string, options: BrowserContextOptions): Promise<Person> {
    // Everybody comes from an address of their own (RFC 5737), as the control plane counts by addresses.
    const [place] = randomBytes(1);
    const extraHTTPHeaders = { "X-Forwarded-For": `198.51.100.${place}` };
    const context = await browser.newContext({ baseURL: stage.url, extraHTTPHeaders, ...options });
    await context.addCookies([{ name: "cp_cookie_consent", value: "essential", url: stage.url }]);
    const page = await context.newPage();
    const person = new Person(name, context, page, stage);
    page.on("console", (message) => {
      // A refused request is what some stories are about.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
        person.complaints.push(message.text());
      }
    });
    page.on("pageerror", (error) => person.complaints.push(error.message));
    return person;
  }

  async leaves(): Promise<void> {
    await this.context.close();
    expect(this.complaints, `what the browser of ${this.name} complained about`).toEqual([]);
  }

  async opens(path: string): Promise<void> {
    await this.page.goto(path);
  }

  /** An input by what stands beside it. */
  field(label: string, within: Page | Locator = this.page): Locator {
    // What is required has an asterisk behind it.
    return within.getByLabel(new RegExp(`^${escaped(label)}( \\*)?$`)).and(this.page.locator("input, textarea"));
  }

  async presses(button: string | RegExp, within: Page | Locator = this.page): Promise<void> {
    await within
      .getByRole("button", { name: button, ...(typeof button === "string" ? { exact: true } : {}) })
      .click();
  }

  async follows(link: string, within: Page | Locator = this.page): Promise<void> {
    await within.getByRole("link", { name: link, exact: true }).first().click();
  }

  /** Text that is there to be copied. */
  copyable(label: string): Locator {
    return this.page.getByLabel(label, { exact: true }).and(this.page.locator("pre"));
  }

  async sees(text: string | RegExp, within: Page | Locator = this.page): Promise<void> {
    await expect(within.getByText(text).filter({ visible: true }).first()).toBeVisible();
  }

  /** The dialog that is open. */
  get dialog(): Locator {
    return this.page.getByRole("dialog");
  }

  /** Signs up on the page, and opens the link of the letter. */
  async signsUp(): Promise<void> {
    await this.opens("/sign-up");
    await this.field("Your name").fill(this.name);
    await this.field("E-mail address").fill(this.email);
    await this.field("Password").fill(this.password);
    await this.presses("Create the account");
    await this.sees("Look into your mail");
    const letter = await this.stage.letterTo(this.email, /confirm/i);
    await this.opens(pathOf(letter.links));
    await this.field("Password").fill(this.password);
    await this.presses("Confirm and go on");
  }

  /** Has an account and is signed in, without the pages for it. */
  async isKnown(): Promise<this> {
    await this.opens("/sign-in");
    await this.asks("POST", "/api/v1/accounts", {
      email: this.email,
      password: this.password,
      display_name: this.name,
    });
    const letter = await this.stage.letterTo(this.email, /confirm/i);
    const token = new URL(pathOf(letter.links), this.stage.url).hash.slice(1);
    await this.asks("POST", "/api/v1/accounts/verify", { token, password: this.password, remember: true });
    return this;
  }

  async signsIn(path = "/sign-in"): Promise<void> {
    await this.opens(path);
    await this.showsPassword();
    if (this.authenticator) {
      await this.field("Code of the second factor").fill(await this.authenticator.code());
      await this.presses("Sign in");
    }
    await expect(this.field("Password")).toBeHidden();
  }

  /** Shows address and password, no more. */
  async showsPassword(): Promise<void> {
    await this.field("E-mail address").fill(this.email);
    await this.field("Password").fill(this.password);
    await this.presses("Sign in");
  }

  /** Says again who one is, where a deed asks for it. */
  async provesIt(): Promise<void> {
    const dialog = this.page.getByRole("dialog", { name: "Is it you?" });
    await this.field("Password", dialog).fill(this.password);
    await this.presses("Go on", dialog);
  }

  async signsOut(): Promise<void> {
    await this.presses(/^My account/);
    await this.page.getByRole("menuitem", { name: "Sign out" }).click();
    await expect(this.page.getByRole("button", { name: "Sign in" })).toBeVisible();
  }

  /** Sets a second factor up, without the pages for it. */
  async hasSecondFactor(): Promise<void> {
    const { secret } = await this.asks<{ secret: string }>("POST", "/api/v1/account/second-factor");
    this.authenticator = new Authenticator(secret);
    await this.asks("POST", "/api/v1/account/second-factor/confirm", { code: await this.authenticator.code() });
  }

  /** Runs the installation: an operator with a second factor, signed in to the portal and to the admin panel. */
  async isOperator(): Promise<void> {
    await this.isKnown();
    await this.stage.operator(this);
    // With the password that made an operator of them every session ended.
    await this.signsIn();
    await this.hasSecondFactor();
    await this.signsIn("/admin/sign-in");
  }

  /** What the browser holds opens nothing any more. */
  async isSignedOutByTime(): Promise<void> {
    await this.context.clearCookies({ name: /^__Host-cp_/ });
  }

  /** Asks the API as the page would. */
  async asks<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { status, said } = await this.page.evaluate(
      async ([method, path, body]) => {
        const whose = path?.startsWith("/api/admin/") ? "/api/admin/v1/session" : "/api/v1/session";
        const session = method === "GET" ? null : await fetch(whose);
        const csrf = session?.ok ? (await session.json()).csrf_token : "";
        const answer = await fetch(path ?? "", {
          method: method ?? "GET",
          headers: { "Content-Type": "application/json", ...(csrf ? { "X-CSRF-Token": csrf } : {}) },
          ...(body === undefined ? {} : { body }),
        });
        return { status: answer.status, said: await answer.text() };
      },
      [method, path, body === undefined ? undefined : JSON.stringify(body)] as const,
    );
    expect(status, `${method} ${path}: ${said}`).toBeLessThan(300);
    return JSON.parse(said || "null");
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** Where a letter's link leads, whatever address the service believes to have. */
export function pathOf(links: string[]): string {
  const link = new URL(links[0] ?? "");
  return `${link.pathname}${link.hash}`;
}

/** An app that shows codes (RFC 6238). Each is shown once, as each is taken once. */
export class Authenticator {
  private lastStep = 0;

  constructor(private readonly secret: string) {}

  async code(): Promise<string> {
    const now = () => Math.floor(Date.now() / 30_000);
    // One step ahead of the clock is taken as well.
    const step = Math.max(this.lastStep + 1, now());
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, (step - 1) * 30_000 - Date.now() + 200)));
    this.lastStep = step;
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const hash = createHmac("sha1", bytesOf(this.secret)).update(counter).digest();
    const at = (hash.at(-1) ?? 0) & 15;
    return String((hash.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  }
}

/** Base32 (RFC 4648, 6). */
function bytesOf(secret: string): Buffer {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[^A-Z2-7]/g, "")].map((letter) =>
    letters.indexOf(letter).toString(2).padStart(5, "0"),
  );
  const bytes = bits.join("").match(/.{8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte, 2)));
}
