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
  notMember: {
    title: "Ви не належите до «{{organization}}»",
    text: "Ви ввійшли як {{email}}, і цей обліковий запис до цієї організації не належить або вже не належить. Увійдіть під іншим записом або попросіть у власника запрошення.",
    home: "До моїх тривог",
    switch: "Увійти під іншим записом",
  },
};
