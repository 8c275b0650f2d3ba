import type { admin as english } from "../../en/admin";
import type { Translated } from "../../translated";

export const calls: Translated<(typeof english)["calls"]> = {
  since: "Створено",
  severity: "Важливість",
  organization: "Організація",
  number: "Номер",
  state: "Стан",
  over: "Через що",
  ends: "Кінцевий строк",
  next: "Наступна спроба",
  due: "На черзі",
  none: "Зараз немає жодного дзвінка",
  noneHint: "Дзвінки видно тут від запиту й доти, доки когось не досягнуто або не минув час.",
};

export const queue: Translated<(typeof english)["queue"]> = {
  queued: "Чекають",
  calling: "Телефонуємо",
  oldest: "Чекає найдовше",
  oldestHint: "від створення",
  long: "Довше за хвилину: нижче видно, на що чекають",
  bySeverity: "Чекають, за важливістю",
  byReason: "Чекають, за причиною",
  byOrganization: "Чекають, за організацією",
  noReason: "Своєї черги",
  nothing: "Ніщо не чекає",
  andCalling_one: "{{count}} телефонуємо",
  andCalling_few: "{{count}} телефонуємо",
  andCalling_many: "{{count}} телефонуємо",
  andCalling_other: "{{count}} телефонуємо",
};
