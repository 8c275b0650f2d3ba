//! The Ukrainian catalogue.

use super::Words;
use crate::{
    accounts::members::Role,
    mail::template::{SecondFactorChange, Template},
};
use shared::time::Timestamp;
use std::{net::IpAddr, time::Duration};
use url::Url;

const NOT_ASKED_FOR: &str =
    "Якщо ви цього не просили, не зважайте на цей лист: без посилання нічого не станеться.";
const NOT_YOU: &str = "Якщо це були не ви, негайно встановіть новий пароль і перегляньте, хто увійшов до вашого облікового запису.";

pub(super) fn words(template: &Template) -> Words {
    match template {
        Template::VerifyAddress { link, valid_for } => Words::about("Підтвердьте свою електронну адресу")
            .paragraph("Вітаємо в CallPing. Підтвердьте, будь ласка, що ця електронна адреса ваша.")
            .link("Підтвердити адресу", link)
            .paragraph(good_for(*valid_for))
            .ending(NOT_ASKED_FOR),
        Template::AlreadyHere { link } => Words::about("У вас уже є обліковий запис")
            .paragraph("Хтось, імовірно ви, реєструвався в CallPing із цією адресою. Для неї вже є обліковий запис.")
            .link("Увійти", link)
            .ending("Якщо ви забули пароль, попросіть на тій сторінці новий. Якщо це були не ви, робити нічого не потрібно."),
        Template::ResetPassword { link, valid_for } => Words::about("Встановіть новий пароль")
            .paragraph("Хтось, імовірно ви, попросив новий пароль для вашого облікового запису CallPing.")
            .link("Встановити новий пароль", link)
            .paragraph(good_for(*valid_for))
            .ending(NOT_ASKED_FOR),
        Template::ConfirmNewAddress { link, valid_for } => Words::about("Підтвердьте нову електронну адресу")
            .paragraph("Ця адреса має стати адресою облікового запису CallPing. Підтвердьте, будь ласка, що вона ваша.")
            .link("Підтвердити нову адресу", link)
            .paragraph(good_for(*valid_for))
            .ending(NOT_ASKED_FOR),
        Template::AddressChanges { new_address } => Words::about("Вашу електронну адресу буде змінено")
            .paragraph(format!("Ваш обліковий запис CallPing має отримати іншу електронну адресу: {new_address}."))
            .paragraph("Її буде змінено, щойно нову адресу підтвердять. Доти чинна ця.")
            .ending(NOT_YOU),
        Template::AddressChanged { new_address } => Words::about("Вашу електронну адресу змінено")
            .paragraph(format!("Ваш обліковий запис CallPing тепер має іншу електронну адресу: {new_address}."))
            .paragraph("Листи про нього сюди більше не надходитимуть.")
            .ending("Якщо це були не ви, негайно повідомте оператора цього сервісу."),
        Template::Invitation { organization, inviter, role, link, valid_for } => {
            invitation(organization, inviter, *role, link, *valid_for)
        }
        Template::NewSignIn { at, ip, user_agent } => Words::about("Новий вхід до вашого облікового запису")
            .paragraph("Хтось увійшов до вашого облікового запису CallPing з нового місця або браузера.")
            .facts([("Коли", moment(*at)), ("Звідки", ip.to_string()), ("Браузер", user_agent.clone())])
            .paragraph("Якщо це були ви, робити нічого не потрібно.")
            .ending(NOT_YOU),
        Template::ManyFailures { failures, at, ip } => {
            Words::about("Багато невдалих спроб увійти до вашого облікового запису")
                .paragraph(format!(
                    "До вашого облікового запису CallPing не вдалося увійти. Кількість спроб поспіль: {failures}."
                ))
                .facts([("Остання", moment(*at)), ("Звідки", ip.to_string())])
                .paragraph("Ніхто так не увійшов. Користуйтеся паролем, якого не маєте більше ніде, і другим чинником.")
                .ending("Якщо це були ви, трохи зачекайте й спробуйте знову або встановіть новий пароль.")
        }
        Template::PasswordChanged { at, ip } => Words::about("Ваш пароль змінено")
            .paragraph("Пароль вашого облікового запису CallPing змінено.")
            .facts(done(*at, *ip))
            .ending(NOT_YOU),
        Template::SecondFactorChanged { change, at, ip } => {
            let (subject, said) = second_factor(*change);
            Words::about(subject).paragraph(said).facts(done(*at, *ip)).ending(NOT_YOU)
        }
        Template::AccountClosed { at } => Words::about("Ваш обліковий запис закрито")
            .paragraph("Ваш обліковий запис CallPing закрито. Вам більше не телефонуватимуть.")
            .facts([("Коли", moment(*at))])
            .ending("Це останній лист про нього. Якщо його закрили не ви, зверніться до власника вашої організації."),
    }
}

fn invitation(organization: &str, inviter: &str, role: Role, link: &Url, valid_for: Duration) -> Words {
    let role = match role {
        Role::Owner => "власник",
        Role::Admin => "адміністратор",
        Role::Member => "учасник",
        Role::Viewer => "глядач",
    };
    Words::about(format!("Запрошення до {organization}"))
        .paragraph(format!("{inviter} запрошує вас до {organization} у CallPing. Ваша роль: {role}."))
        .paragraph("CallPing телефонує вам, коли машина повідомляє, що щось не так.")
        .link("Прийняти запрошення", link)
        .paragraph(good_for(valid_for))
        .ending("Якщо ви не знаєте, хто це, не зважайте на цей лист.")
}

const fn second_factor(change: SecondFactorChange) -> (&'static str, &'static str) {
    match change {
        SecondFactorChange::TurnedOn => {
            ("Другий чинник увімкнено", "Ваш обліковий запис CallPing тепер запитує другий чинник.")
        }
        SecondFactorChange::TurnedOff => {
            ("Другий чинник вимкнено", "Ваш обліковий запис CallPing більше не запитує другого чинника.")
        }
        SecondFactorChange::NewRecoveryCodes => (
            "У вас нові коди відновлення",
            "Для вашого облікового запису CallPing створено нові коди відновлення. Старі більше не діють.",
        ),
    }
}

fn done(at: Timestamp, ip: IpAddr) -> [(&'static str, String); 2] {
    [("Коли", moment(at)), ("Звідки", ip.to_string())]
}

fn good_for(time: Duration) -> String {
    let minutes = (time.as_secs() / 60).max(1);
    let (count, [one, few, many]) = match minutes {
        2880.. => (minutes / 1440, ["день", "дні", "днів"]),
        120.. => (minutes / 60, ["годину", "години", "годин"]),
        _ => (minutes, ["хвилину", "хвилини", "хвилин"]),
    };
    let unit = match (count % 10, count % 100) {
        (_, 11..=14) => many,
        (1, _) => one,
        (2..=4, _) => few,
        (_, _) => many,
    };
    format!("Посилання чинне {count} {unit} і спрацює один раз.")
}

/// `24.11.2026, 09:00 UTC`
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.as_micros())
        .map_or_else(|_| at.to_string(), |moment| moment.strftime("%d.%m.%Y, %H:%M UTC").to_string())
}
