import type { english } from "../en";
import type { Translated } from "../translated";

export const entrance: Translated<(typeof english)["entrance"]> = {
  signIn: { title: "Вхід до CallPing", none: "Ще немає облікового запису?", forgotten: "Забули пароль?" },
};
