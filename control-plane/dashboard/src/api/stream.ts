/** The stream of what changes in an organization: server-sent events, opened anew for as long as somebody looks. */
import type { Change } from "./change";

/** How the page hears of changes; `crowded`: too many listen already; `over`: nobody is known here who may. */
export type Line = "live" | "connecting" | "crowded" | "offline" | "over";

/** How often what is shown is read while nobody says what changes, milliseconds. */
export const WITHOUT_LINE = 15_000;

export interface Listener {
  line: (line: Line) => void;
  /** Something changed; null where what did was missed. */
  changed: (change: Change | null) => void;
  /** Whether somebody is signed in. Throws where nobody answers. */
  isKnown: () => Promise<boolean>;
  /** The same, and whether they may still look at the organization. */
  mayLook: () => Promise<boolean>;
  /** Whether a line is refused because too many are open. */
  isCrowded: () => Promise<boolean>;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** The other side sends a pulse every 15 seconds: whatever is silent for longer than this is dead, also where it is open. */
const LONGEST_SILENCE = 40_000;
/** After so many lines in a row that were not opened it is asked whether one may look at all: why not, the browser does not tell. */
const MANY = 3;

/** Why the other side hung up. */
function whyOf(event: Event): string | undefined {
  try {
    return JSON.parse((event as MessageEvent<string>).data)?.why;
  } catch {
    return undefined;
  }
}

/** Listens until what this gives is called. */
export function follow(org: string, { line, changed, isKnown, mayLook, isCrowded }: Listener): () => void {
  let stream: EventSource | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watch: ReturnType<typeof setTimeout> | undefined;
  let pause = FIRST_PAUSE;
  /** How many lines in a row have failed before they were open. */
  let failed = 0;
  /** Whether the last of them was refused because too many are open. */
  let crowded = false;
  /** When the other side was last heard, or was called. */
  let heard = 0;
  /** Counts what was begun: what comes of anything but the last is dropped. */
  let turn = 0;

  const hangUp = () => {
    turn++;
    clearTimeout(timer);
    clearTimeout(watch);
    stream?.close();
    stream = null;
  };
  const waits = () => line(!navigator.onLine ? "offline" : crowded ? "crowded" : "connecting");
  const later = () => {
    hangUp();
    waits();
    // Not everybody at once, where all were sent away at once.
    timer = setTimeout(() => void after(failed < MANY ? isKnown : mayLook), pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
  /** Connects where somebody may listen. The token that opened the stream may have expired meanwhile, or the session. */
  const after = async (may: () => Promise<boolean>) => {
    const mine = turn;
    const answer = await may().catch(() => null);
    if (mine !== turn) {
      return;
    }
    if (answer === null) {
      later();
    } else if (answer) {
      connect();
    } else {
      line("over");
    }
  };
  /** Asks why a line was refused: an `EventSource` does not tell what it was answered. */
  const askWhy = async () => {
    const mine = turn;
    const answer = await isCrowded().catch(() => false);
    if (mine !== turn) {
      return;
    }
    const isOther = crowded !== answer;
    crowded = answer;
    if (crowded || isOther) {
      // There is room again, or there is none: knocking often helps in the one case alone.
      pause = crowded ? LONGEST_PAUSE : FIRST_PAUSE;
      later();
    } else {
      waits();
    }
  };
  const hears = () => {
    heard = Date.now();
    clearTimeout(watch);
    watch = setTimeout(look, LONGEST_SILENCE);
  };
  /** Whether the line still lives. Timers stand still while a device sleeps. */
  const look = () => {
    if (stream && Date.now() - heard >= LONGEST_SILENCE) {
      line(navigator.onLine ? "connecting" : "offline");
      connect();
    }
  };
  const connect = () => {
    hangUp();
    hears();
    stream = new EventSource(`/api/v1/events?org=${encodeURIComponent(org)}`);
    stream.addEventListener("hello", () => {
      hears();
      pause = FIRST_PAUSE;
      failed = 0;
      crowded = false;
      line("live");
      // Whatever happened while nobody listened.
      changed(null);
    });
    stream.addEventListener("pulse", hears);
    stream.addEventListener("change", (event) => {
      hears();
      changed(JSON.parse((event as MessageEvent<string>).data));
    });
    stream.addEventListener("resync", () => {
      hears();
      changed(null);
    });
    stream.addEventListener("bye", (event) => {
      if (whyOf(event) === "over") {
        hangUp();
        line("connecting");
        void after(mayLook);
      } else {
        later();
      }
    });
    stream.addEventListener("error", () => {
      failed++;
      const isRefused = stream?.readyState === EventSource.CLOSED;
      crowded &&= isRefused;
      later();
      if (isRefused) {
        void askWhy();
      }
    });
  };
  const online = () => {
    pause = FIRST_PAUSE;
    line("connecting");
    connect();
  };
  const offline = () => line("offline");
  addEventListener("online", online);
  addEventListener("offline", offline);
  // What is looked at again, or comes back out of the browser's memory.
  addEventListener("visibilitychange", look);
  addEventListener("pageshow", look);
  connect();
  return () => {
    removeEventListener("online", online);
    removeEventListener("offline", offline);
    removeEventListener("visibilitychange", look);
    removeEventListener("pageshow", look);
    hangUp();
  };
}
