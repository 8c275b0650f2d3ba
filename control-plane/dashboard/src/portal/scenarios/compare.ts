/** Two versions of the same rules, side by side, and one made of both. */
import type { Rule } from "../../api/schema";
import { essence } from "./rules";

export type Side = "mine" | "theirs";

/** A rule of either side, or the same rule of both; null where a side has none there. */
export interface Pair {
  mine: Rule | null;
  theirs: Rule | null;
  isSame: boolean;
  /** Which of the two is taken unless somebody says otherwise. */
  proposed: Side;
  /** Both have changed what was there before: somebody has to choose. */
  isDisputed: boolean;
}

const SAME = 8;
const APART = 0;

/** What of a rule is compared, read once. */
interface Features {
  whole: string;
  fields: Set<string>;
  action: string;
}

function featuresOf(rule: Rule): Features {
  return {
    whole: essence(rule),
    fields: new Set((rule.when ?? []).map(({ field }) => field.toLowerCase())),
    action: JSON.stringify(rule.action),
  };
}

/** How much two rules are versions of one rule. */
function likeness(one: Features, other: Features): number {
  if (one.whole === other.whole) {
    return SAME;
  }
  const shared = [...one.fields].filter((field) => other.fields.has(field)).length;
  const all = one.fields.size + other.fields.size - shared;
  const conditions = all === 0 ? 3 : Math.round((3 * shared) / all);
  const actions = one.action === other.action ? 2 : 0;
  return conditions + actions >= 2 ? conditions + actions : APART;
}

/** Pairs the rules of both so that as much as can be stands beside its like, in the order of both. */
export function pairs(base: Rule[] | null, mine: Rule[], theirs: Rule[]): Pair[] {
  const best: number[][] = Array.from({ length: mine.length + 1 }, () => new Array(theirs.length + 1).fill(0));
  const at = (row: number, column: number) => best[row]?.[column] ?? 0;
  const [ours, others] = [mine.map(featuresOf), theirs.map(featuresOf)];
  const like = ours.map((one) => others.map((other) => likeness(one, other)));
  for (let row = mine.length - 1; row >= 0; row -= 1) {
    for (let column = theirs.length - 1; column >= 0; column -= 1) {
      const together = like[row]?.[column] ?? APART;
      const paired = together > APART ? together + at(row + 1, column + 1) : 0;
      (best[row] as number[])[column] = Math.max(paired, at(row + 1, column), at(row, column + 1));
    }
  }
  const known = new Set((base ?? []).map(essence));
  const found: Pair[] = [];
  let [row, column] = [0, 0];
  while (row < mine.length || column < theirs.length) {
    const [one, other] = [mine[row] ?? null, theirs[column] ?? null];
    const together = like[row]?.[column] ?? APART;
    if (one && other && together > APART && at(row, column) === together + at(row + 1, column + 1)) {
      found.push(judged(one, other, known));
      row += 1;
      column += 1;
    } else if (one && (!other || at(row, column) === at(row + 1, column))) {
      found.push(judged(one, null, known));
      row += 1;
    } else {
      found.push(judged(null, other, known));
      column += 1;
    }
  }
  return found;
}

/** A rule that one side has left as it was gives way to what the other has made of it. */
function judged(mine: Rule | null, theirs: Rule | null, known: Set<string>): Pair {
  const isSame = mine !== null && theirs !== null && essence(mine) === essence(theirs);
  const wasThere = (rule: Rule | null) => rule !== null && known.has(essence(rule));
  if (mine && theirs) {
    const proposed = !isSame && wasThere(mine) ? "theirs" : "mine";
    return { mine, theirs, isSame, proposed, isDisputed: !isSame && !wasThere(mine) && !wasThere(theirs) };
  }
  // What only one has was added by it, or deleted by the other.
  const proposed = mine ? (wasThere(mine) ? "theirs" : "mine") : wasThere(theirs) ? "mine" : "theirs";
  return { mine, theirs, isSame: false, proposed, isDisputed: false };
}

/** The rules that the choices make. */
export function merged(pairs: Pair[], choices: Side[]): Rule[] {
  return pairs.flatMap((pair, index) => pair[choices[index] ?? pair.proposed] ?? []);
}
