import { Anchor, type AnchorProps, Button, type ButtonProps } from "@mantine/core";
import { createLink, type LinkComponent } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";

type Html<Props> = Props &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof Props> & { ref?: Ref<HTMLAnchorElement> };

function PlainAnchor(props: Html<Omit<AnchorProps, "href">>) {
  return <Anchor {...props} />;
}

function PlainButton(props: Html<Omit<ButtonProps, "href">>) {
  return <Button component="a" {...props} />;
}

/** A link to a page, with its parameters checked. */
export const PageLink: LinkComponent<typeof PlainAnchor> = createLink(PlainAnchor);

/** The same, looking like a button. */
export const PageButton: LinkComponent<typeof PlainButton> = createLink(PlainButton);
