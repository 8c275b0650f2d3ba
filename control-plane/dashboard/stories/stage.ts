/** What stories are told with: people before their browsers, phones, agents, letters. */
import { randomBytes, randomUUID } from "node:crypto";
import { type Browser, type BrowserContextOptions, test as bare, expect } from "@playwright/test";
import { Person } from "./person";

export { expect } from "@playwright/test";

/** Where `lab stage` and its control plane are. */
interface Place {
  url: string;
  stage: string;
}

interface Letter {
  subject: string;
  text: string;
  links: string[];
}

/** What a phone does when it is called. */
type Act =
  | { what: "answers" }
  | { what: "presses"; key: string; after_ms: number }
  | { what: "rings_out" | "is_busy" };

/** Somebody of an organization that is there from the beginning. */
interface Member {
  person: Person;
  role?: "owner" | "admin" | "member" | "viewer";
  phone?: string;
}

/** An organization with one project, one endpoint and one scenario. */
export interface Organization {
  slug: string;
  project: string;
  endpoint: string;
}

/** Of whoever no story rings. */
const NOBODYS_PHONE = "+380501234599";

/** Text in TOML. */
const quoted = (text: string) => JSON.stringify(text);

export class Stage {
  private readonly place: Place = JSON.parse(process.env["STAGE"] ?? "{}");
  private readonly read = new Map<string, number>();

  /** Where the pages are: in the control plane, or where `PAGES` says that they are served anew with each change. */
  get url(): string {
    return process.env["PAGES"] ?? this.place.url;
  }

  async cue<T>(cue: Record<string, unknown>): Promise<T> {
    const answer = await fetch(this.place.stage, { method: "POST", body: JSON.stringify(cue) });
    const said = await answer.json();
    if (!answer.ok) {
      throw new Error(`${cue["cue"]}: ${said.error}`);
    }
    return said;
  }

  /** The next letter to somebody that has not been read, with this in its subject. */
  async letterTo(address: string, about: RegExp): Promise<Letter> {
    for (;;) {
      const after = this.read.get(address) ?? 0;
      const letter = await this.cue<Letter>({ cue: "letter", to: address, after });
      this.read.set(address, after + 1);
      if (about.test(letter.subject)) {
        return letter;
      }
    }
  }

  phone(number: string): Phone {
    return new Phone(this, number);
  }

  agent(name: string): Agent {
    return new Agent(this, name);
  }

  /** Makes somebody an operator. */
  async operator({ email, password }: { email: string; password: string }): Promise<void> {
    await this.cue({ cue: "operator", email, password });
  }

  /** An organization of people who are known already. */
  async organization(name: string, members: Member[], rules = ""): Promise<Organization> {
    const [slug, endpoint] = [`${name.toLowerCase()}-${randomBytes(3).toString("hex")}`, randomUUID()];
    const people = members.map(
      ({ person, role = "owner", phone = NOBODYS_PHONE }) =>
        `[[org.member]]\nemail = ${quoted(person.email)}\nrole = "${role}"\nphones = ["${phone}"]\n`,
    );
    const document = `[[org]]\nslug = "${slug}"\nname = ${quoted(name)}\ntimezone = "America/New_York"\n${people.join("")}
      [[org.project]]\nslug = "shop"\nprimary = ${quoted(members[0]?.person.email ?? "")}
      [org.project.policy]\nring_seconds = 30\nredials = 0\nredial_pause_seconds = 5\ncooldown_seconds = 0
      [[org.project.endpoint]]\nid = "${endpoint}"\nscenario = "default"
      [[org.project.scenario]]\nname = "default"\n${rules}`;
    await this.cue({ cue: "apply", document });
    return { slug, project: "shop", endpoint };
  }

  /** A monitor sends this to an endpoint. */
  async webhook(
    endpoint: string,
    payload: unknown,
  ): Promise<{ request_id: string; alert_id: string; action: string }> {
    const url = endpoint.startsWith("http") ? endpoint : `${this.place.url}/api/wh/${endpoint}`;
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(payload) });
    expect(answer.status).toBe(202);
    return answer.json();
  }

  /** Alerts of long ago. */
  async past(endpoint: string, alerts: number): Promise<void> {
    await this.cue({ cue: "past", endpoint, alerts });
  }
}

export class Phone {
  private seen = 0;

  constructor(
    private readonly stage: Stage,
    readonly number: string,
  ) {}

  private async does(does: Act, ring_ms: number): Promise<void> {
    await this.stage.cue({ cue: "phone", number: this.number, does, ring_ms });
  }

  /** Rings for a while, then somebody presses a key. */
  async presses(key: string, { ring = 1_000, after = 1_500 } = {}): Promise<void> {
    await this.does({ what: "presses", key, after_ms: after }, ring);
  }

  /** Somebody listens. */
  async answers(): Promise<void> {
    await this.does({ what: "answers" }, 500);
  }

  async ringsOut(): Promise<void> {
    await this.does({ what: "rings_out" }, 1_000);
  }

  async isBusy(): Promise<void> {
    await this.does({ what: "is_busy" }, 0);
  }

  /** The names of the PBX hosts that have called it, a name a call. */
  calls(): Promise<string[]> {
    return this.stage.cue({ cue: "invites", number: this.number });
  }

  /** Waits for one more call; which PBX host it comes from. */
  async rings(): Promise<string> {
    await expect.poll(async () => (await this.calls()).length, { timeout: 30_000 }).toBeGreaterThan(this.seen);
    return (await this.calls())[this.seen++] ?? "";
  }

  /** What is said on it once somebody has asked for a code. */
  async hears(asks: () => Promise<void>): Promise<string> {
    const after = await this.stage.cue<number>({ cue: "codes" });
    await asks();
    return this.stage.cue({ cue: "code", after });
  }
}

export class Agent {
  constructor(
    private readonly stage: Stage,
    readonly name: string,
  ) {}

  async dies(): Promise<void> {
    await this.stage.cue({ cue: "agent_dies", name: this.name });
  }

  async comesBack(): Promise<void> {
    await this.stage.cue({ cue: "agent_comes_back", name: this.name });
  }
}

interface Cast {
  stage: Stage;
  /** Somebody with a browser of their own. */
  person: (name: string, browser?: BrowserContextOptions) => Promise<Person>;
}

export const test = bare.extend<Cast>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what a fixture needs
  stage: async ({}, use) => {
    await use(new Stage());
  },
  baseURL: async ({ stage }, use) => {
    await use(stage.url);
  },
  person: async ({ browser, stage, contextOptions }, use) => {
    const people: Person[] = [];
    await use(async (name, options) => {
      const person = await Person.at(browser as Browser, stage, name, { ...contextOptions, ...options });
      people.push(person);
      return person;
    });
    for (const person of people) {
      await person.leaves();
    }
  },
});
