import type { deeds as english } from "../en/deeds";
import type { Translated } from "../translated";

export const deeds: Translated<typeof english> = {
  account: { created: "Обліковий запис створено", changed: "Профіль змінено", closed: "Обліковий запис закрито" },
  session: {
    opened: "Вхід",
    opened_from_new_place: "Вхід із нового місця",
    ended: "Вихід",
    revoked: "Сеанс завершено",
    refresh_reused: "Сеанс завершено: його токен використано двічі",
    many_failures: "Багато невдалих входів",
  },
  password: { changed: "Пароль змінено", reset: "Пароль скинуто" },
  address: { change_asked: "Запит на іншу електронну адресу", changed: "Електронну адресу змінено" },
  second_factor: {
    on: "Другий чинник увімкнено",
    off: "Другий чинник вимкнено",
    recovery_codes: "Нові коди відновлення",
  },
  phone: {
    added: "Телефон додано",
    changed: "Телефон змінено",
    removed: "Телефон видалено",
    verified: "Телефон підтверджено",
  },
  organization: {
    created: "Організацію створено",
    changed: "Організацію змінено",
    transferred: "Організацію передано",
    deleted: "Організацію видалено",
  },
  member: {
    joined: "Приєднання до організації",
    changed: "Роль змінено",
    removed: "Вилучено з організації",
    left: "Вихід з організації",
  },
  invite: {
    created: "Запрошення надіслано",
    resent: "Запрошення надіслано ще раз",
    revoked: "Запрошення відкликано",
  },
  project: { created: "Проєкт створено", changed: "Проєкт змінено", deleted: "Проєкт видалено" },
  endpoint: {
    created: "Адресу для вебхуків створено",
    changed: "Адресу для вебхуків змінено",
    rotated: "Адресу для вебхуків замінено",
    deleted: "Адресу для вебхуків видалено",
  },
  request: { replayed: "Запит надіслано ще раз" },
  scenario: { changed: "Сценарій змінено", deleted: "Сценарій видалено" },
  api_key: { created: "Ключ API створено", deleted: "Ключ API видалено" },
  alert: { acknowledged: "Тривогу прийнято", closed: "Тривогу закрито", called_again: "Зателефоновано ще раз" },
  operator: { made: "Призначено оператора", removed: "Оператора усунено" },
  pbx: {
    created: "АТС додано",
    drained: "АТС не бере нових дзвінків",
    resumed: "АТС знову бере дзвінки",
    revoked: "Ключ АТС відкликано",
    enrolment_token_made: "Створено токен для АТС",
  },
  trunk: { rested: "Перерву транка змінено" },
  do_not_call: {
    added: "Номер додано до списку «не телефонувати»",
    removed: "Номер вилучено зі списку «не телефонувати»",
  },
  letter: { retried: "Лист надіслано ще раз" },
  suppression: { removed: "Адреса знову отримує листи" },
  incident: {
    opened: "Повідомлено про інцидент",
    changed: "Інцидент змінено",
    told: "Оновлення інциденту",
    deleted: "Інцидент видалено",
  },
};
