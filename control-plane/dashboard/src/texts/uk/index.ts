import type { english } from "../en";
import type { Translated } from "../translated";
import { first } from "./first";
import { rest } from "./rest";

/** Everything that is said in Ukrainian, what only operators read aside. */
export const ukrainian: Translated<typeof english> = { ...first, ...rest, codes: { ...first.codes, ...rest.codes } };
