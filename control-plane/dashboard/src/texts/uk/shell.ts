import type { english } from "../en";
import type { Translated } from "../translated";

export const shell: Translated<(typeof english)["shell"]> = {
  alerts: "Тривоги",
  calls: "Дзвінки",
  endpoints: "Адреси",
  figures: "Статистика",
  projects: "Проєкти",
  team: "Команда",
  keys: "Ключі API",
  audit: "Журнал дій",
  settings: "Організація",
  profile: "Профіль",
  phones: "Мої телефони",
  security: "Безпека",
  privacy: "Приватність",
  account: "Мій обліковий запис",
  organization: "Організація",
  newOrganization: "Нова організація",
  status: "Сторінка стану",
};
