import "@mantine/core/styles/Card.css";

export { Card } from "@mantine/core";
