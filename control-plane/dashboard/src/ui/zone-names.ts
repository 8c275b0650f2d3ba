/** Time zones by the names that the tz database has for them. */

/**
 * What CLDR, and browsers with it, still call by a name that the tz database has replaced (its file `backward`):
 * `Intl` neither lists nor answers the newer one.
 */
const RENAMED: Record<string, string> = {
  "Africa/Asmera": "Africa/Asmara",
  "America/Buenos_Aires": "America/Argentina/Buenos_Aires",
  "America/Catamarca": "America/Argentina/Catamarca",
  "America/Coral_Harbour": "America/Atikokan",
  "America/Cordoba": "America/Argentina/Cordoba",
  "America/Godthab": "America/Nuuk",
  "America/Indianapolis": "America/Indiana/Indianapolis",
  "America/Jujuy": "America/Argentina/Jujuy",
  "America/Louisville": "America/Kentucky/Louisville",
  "America/Mendoza": "America/Argentina/Mendoza",
  "Asia/Calcutta": "Asia/Kolkata",
  "Asia/Katmandu": "Asia/Kathmandu",
  "Asia/Rangoon": "Asia/Yangon",
  "Asia/Saigon": "Asia/Ho_Chi_Minh",
  "Atlantic/Faeroe": "Atlantic/Faroe",
  "Europe/Kiev": "Europe/Kyiv",
  "Pacific/Enderbury": "Pacific/Kanton",
  "Pacific/Ponape": "Pacific/Pohnpei",
  "Pacific/Truk": "Pacific/Chuuk",
};

const today = (zone: string) => RENAMED[zone] ?? zone;

/** The zone that the browser is in. */
export function zoneHere(): string {
  return today(Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** UTC, and those that the browser knows in the order of their names. */
export function zones(): string[] {
  return [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone").map(today).sort()])];
}
