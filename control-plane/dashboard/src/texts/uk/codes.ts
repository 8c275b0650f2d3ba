import type { codes as english } from "../en/codes";
import type { Translated } from "../translated";

export const codes: Translated<typeof english> = {
  severity: { critical: "Критична", major: "Серйозна", minor: "Незначна", info: "Довідкова" },
  alertState: { open: "Відкрита", acknowledged: "Прийнята", closed: "Закрита" },
  callStatus: {
    queued: "Чекає",
    calling: "Телефонуємо",
    answered: "Відповіли",
    acknowledged: "Прийнято",
    exhausted: "Ні до кого не додзвонилися",
    expired: "Час минув",
    cancelled: "Скасовано",
    blocked: "Стримано",
  },
  attemptStatus: {
    initiated: "Наказ надіслано",
    placed: "Дзвонить",
    answered: "Відповіли",
    acknowledged: "Прийнято",
    busy: "Зайнято",
    no_answer: "Без відповіді",
    rejected: "Відхилено",
    failed: "Не вдалося",
    refused: "Відмовлено",
    expired: "Час минув",
    cancelled: "Скасовано",
  },
  role: { owner: "Власник", admin: "Адміністратор", member: "Учасник", viewer: "Глядач" },
};
