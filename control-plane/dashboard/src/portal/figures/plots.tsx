import "@mantine/core/styles/ColorSwatch.css";
import "@mantine/charts/styles.css";
import { Stack } from "@mantine/core";
import type { Figures } from "../../api/schema";
import { Answers } from "./answers";
import { Outcomes } from "./outcomes";
import { Trunks } from "./trunks";

export function Plots({ figures }: { figures: Figures }) {
  return (
    <Stack>
      <Outcomes figures={figures} />
      <Answers figures={figures} />
      <Trunks figures={figures} />
    </Stack>
  );
}
