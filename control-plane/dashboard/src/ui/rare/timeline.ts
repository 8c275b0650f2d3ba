import "@mantine/core/styles/Timeline.css";

export { Timeline } from "@mantine/core";
