import { first } from "./first";
import { rest } from "./rest";

/** Everything that is said in English, what only operators read aside. */
export const english = { ...first, ...rest, codes: { ...first.codes, ...rest.codes } };
