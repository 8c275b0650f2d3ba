/** A list that stands still while somebody is about to press something in it. */
import { type RefObject, useEffect, useRef, useState } from "react";
import type { AlertView } from "../../api/schema";

/** How long it goes on standing still after the last touch. */
const AFTER = 2_000;
/** A pointer that was never seen to be lifted was lifted elsewhere. */
const LONGEST_PRESS = 10_000;
const LOOK = 250;

export interface Steady {
  alerts: AlertView[];
  /** How many are new and not shown. */
  waiting: number;
}

/** What stood there, in its order and as it is by now; and how many came meanwhile. `latest` knows what left the list. */
export function steady(stood: AlertView[], current: AlertView[], latest: AlertView[]): Steady {
  const now = new Map([...latest, ...current].map((alert) => [alert.id, alert]));
  const shown = new Set(stood.map(({ id }) => id));
  return {
    alerts: stood.map((alert) => now.get(alert.id) ?? alert),
    waiting: current.filter(({ id }) => !shown.has(id)).length,
  };
}

interface Held extends Steady {
  /** Shows what came. */
  bring: () => void;
  list: RefObject<HTMLDivElement | null>;
  /** Of what is around the list. */
  events: {
    onPointerDown: () => void;
    onPointerMove: (event: { pointerType: string }) => void;
    onTouchMove: () => void;
    onFocus: () => void;
  };
}

/** Holds the order while a pointer is down or moves in the list, while something in it has the focus, and a moment after. */
export function useSteady(current: AlertView[], latest: AlertView[]): Held {
  const [stood, setStood] = useState<AlertView[] | null>(null);
  const list = useRef<HTMLDivElement>(null);
  const touched = useRef({ at: 0, isDown: false });
  const isHeld = stood !== null;
  useEffect(() => {
    if (!isHeld) {
      return;
    }
    const up = () => {
      touched.current = { at: Date.now(), isDown: false };
    };
    const look = () => {
      const { at, isDown } = touched.current;
      const isFocused = list.current?.contains(document.activeElement) ?? false;
      if (!isFocused && Date.now() - at > (isDown ? LONGEST_PRESS : AFTER)) {
        setStood(null);
      }
    };
    const timer = setInterval(look, LOOK);
    addEventListener("pointerup", up);
    addEventListener("pointercancel", up);
    return () => {
      clearInterval(timer);
      removeEventListener("pointerup", up);
      removeEventListener("pointercancel", up);
    };
  }, [isHeld]);
  const shown = stood ? steady(stood, current, latest) : { alerts: current, waiting: 0 };
  const touch = (isDown: boolean) => {
    touched.current = { at: Date.now(), isDown };
    setStood((before) => before ?? current);
  };
  return {
    ...shown,
    bring: () => setStood((before) => before && current),
    list,
    events: {
      onPointerDown: () => touch(true),
      // A finger says nothing before it touches; a mouse is on its way.
      onPointerMove: ({ pointerType }) => pointerType === "mouse" && !touched.current.isDown && touch(false),
      onTouchMove: () => touch(touched.current.isDown),
      onFocus: () => touch(touched.current.isDown),
    },
  };
}
