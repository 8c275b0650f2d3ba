/** What changes comes in bursts: it is gathered for a moment, and read in rounds, one after another. */
export interface Rounds<Change> {
  add: (change: Change) => void;
  stop: () => void;
}

/**
 * A round waits for the one before it, so that in a storm reads end instead of beginning again and again. One that has
 * not ended after `longest` waits for an answer that does not come: the next one is told to drop what it asked for.
 */
export function inRounds<Change>(
  read: (changes: Change[], afresh: boolean) => Promise<unknown>,
  { gathering, longest }: { gathering: number; longest: number },
): Rounds<Change> {
  let changes: Change[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isReading = false;
  let isStopped = false;
  let afresh = false;

  const soon = () => {
    if (!isReading && !isStopped) {
      timer ??= setTimeout(() => void round(), gathering);
    }
  };
  const round = async () => {
    timer = undefined;
    const gathered = changes;
    changes = [];
    isReading = true;
    let late: ReturnType<typeof setTimeout> | undefined;
    const tooLong = new Promise<boolean>((over) => {
      late = setTimeout(() => over(true), longest);
    });
    const whole = read(gathered, afresh).then(
      () => false,
      () => false,
    );
    afresh = await Promise.race([whole, tooLong]);
    clearTimeout(late);
    isReading = false;
    if (changes.length > 0) {
      soon();
    }
  };
  return {
    add: (change) => {
      changes.push(change);
      soon();
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
