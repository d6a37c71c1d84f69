import { useMantineColorScheme, type MantineColorScheme } from "@mantine/core";
import { AutoIcon, MoonIcon, SunIcon } from "../parts/icons";
import { ToolButton } from "./ToolButton";

const NEXT: Record<MantineColorScheme, MantineColorScheme> = { auto: "light", light: "dark", dark: "auto" };
const WORD: Record<MantineColorScheme, string> = { auto: "as the system", light: "light", dark: "dark" };
const ICON = { auto: AutoIcon, light: SunIcon, dark: MoonIcon };

export function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Icon = ICON[colorScheme];
  const label = `Theme: ${WORD[colorScheme]}`;
  return (
    <ToolButton label={label} hint={`${label}. Switch to ${WORD[NEXT[colorScheme]]}`} onClick={() => setColorScheme(NEXT[colorScheme])}>
      <Icon />
    </ToolButton>
  );
}
