import { TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";

/** Looks for something while it is typed. */
export function SearchField({
  label,
  value,
  go,
}: {
  label: string;
  value: string | undefined;
  go: (q: string | undefined) => void;
}) {
  const [text, setText] = useState(value ?? "");
  const asked = useRef(value);
  const later = useDebouncedCallback((typed: string) => {
    asked.current = typed.trim() || undefined;
    go(asked.current);
  }, 300);
  useEffect(() => {
    // Back goes to what was looked for before; what is being typed meanwhile stays.
    if (value !== asked.current) {
      asked.current = value;
      setText(value ?? "");
    }
  }, [value]);
  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      maw={420}
      w="100%"
      onChange={({ currentTarget }) => {
        setText(currentTarget.value);
        later(currentTarget.value);
      }}
    />
  );
}
