import type { admin as english } from "../../en/admin";
import type { Translated } from "../../translated";

export const calls: Translated<(typeof english)["calls"]> = {
  since: "Створено",
  severity: "Серйозність",
  organization: "Організація",
  number: "Номер",
  state: "Стан",
  over: "Транк",
  ends: "Кінцевий строк",
  next: "Наступна спроба",
  due: "На черзі",
  none: "Зараз немає жодного дзвінка",
  noneHint: "Дзвінки видно тут від запиту, доки до когось не додзвоняться або не мине час.",
};

export const queue: Translated<(typeof english)["queue"]> = {
  queued: "Чекають",
  calling: "Телефонуємо",
  oldest: "Чекає найдовше",
  oldestHint: "від створення",
  long: "Довше за хвилину: нижче видно, на що чекають",
  bySeverity: "Чекають, за серйозністю",
  byReason: "Чекають, за причиною",
  byOrganization: "Чекають, за організацією",
  noReason: "Своєї черги",
  nothing: "Ніщо не чекає",
  andCalling_one: "{{count}} дзвінок триває",
  andCalling_few: "{{count}} дзвінки тривають",
  andCalling_many: "{{count}} дзвінків триває",
  andCalling_other: "{{count}} дзвінка триває",
};
