import { Menu, useMantineColorScheme } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import { choose, LANGUAGES, type LanguageCode } from "../texts";

/** Language and colours, as entries of a menu. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const mark = (is: boolean) => (is ? <IconCheck size={16} aria-hidden /> : null);
  return (
    <>
      <Menu.Label>{t("common.language")}</Menu.Label>
      {(Object.keys(LANGUAGES) as LanguageCode[]).map((language) => (
        <Menu.Item
          key={language}
          lang={language}
          rightSection={mark(i18n.language === language)}
          onClick={() => void choose(language)}
        >
          {LANGUAGES[language]}
        </Menu.Item>
      ))}
      <Menu.Label>{t("common.colours.label")}</Menu.Label>
      {(["auto", "light", "dark"] as const).map((scheme) => (
        <Menu.Item key={scheme} rightSection={mark(colorScheme === scheme)} onClick={() => setColorScheme(scheme)}>
          {t(`common.colours.${scheme}`)}
        </Menu.Item>
      ))}
    </>
  );
}
