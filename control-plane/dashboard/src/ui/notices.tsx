import "@mantine/core/styles/Notification.css";
import "@mantine/notifications/styles.css";
import { Notifications } from "@mantine/notifications";

/** Where it is said in passing how a deed went. */
export function Notices() {
  return <Notifications position="top-center" />;
}
