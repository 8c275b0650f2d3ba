import { measure } from "../../texts/regional";

/** A length of time in words, without what is none: `45 s`, `1 min`, `1 min 30 s`. */
export function span(seconds: number, language: string): string {
  const units: [number, string][] = [
    [Math.trunc(seconds / 3600), "hour"],
    [Math.trunc((seconds % 3600) / 60), "minute"],
    [seconds % 60, "second"],
  ];
  const said = units.filter(([value]) => value > 0);
  return (said.length > 0 ? said : [[0, "second"] as [number, string]])
    .map(([value, unit]) => measure(value, unit, language))
    .join(" ");
}
