import type { admin as english } from "../../en/admin";
import type { Translated } from "../../translated";

export const shell: Translated<(typeof english)["shell"]> = {
  badge: "Адмін",
  fleet: "АТС",
  calls: "Дзвінки зараз",
  organizations: "Організації",
  accounts: "Облікові записи",
  abuse: "Ознаки зловживань",
  doNotCall: "Не телефонувати",
  letters: "Листи",
  incidents: "Інциденти",
  audit: "Журнал дій",
  portal: "До порталу",
  status: "Сторінка стану",
  signedInAs: "Ви ввійшли як {{name}}",
};

export const signIn: Translated<(typeof english)["signIn"]> = {
  title: "Панель оператора",
  hint: "Для операторів цієї установки. Потрібен другий чинник; вхід тут окремий від порталу.",
  portal: "До порталу",
  noOperator: "Цей обліковий запис поки не може ввійти",
  setUp:
    "Операторам потрібен другий чинник. Якщо його немає, спершу ввійдіть до порталу, увімкніть його в розділі «Безпека» й поверніться.",
  toSecurity: "Увімкнути другий чинник на порталі",
  make: "Якщо він є, то цей обліковий запис не операторський: зробити його таким може команда «control-plane operator АДРЕСА» на сервері системи.",
};
