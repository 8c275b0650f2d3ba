import { closestCenter, DndContext, type DragEndEvent, PointerSensor, useSensor, useSensors } from "@dnd-kit/core";
import { arrayMove, SortableContext, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { Stack, VisuallyHidden } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, take } from "../../api/client";
import type { PhoneDocument } from "../../api/schema";
import { Confirm } from "../../ui/confirm";
import { Failed, useDeed } from "../../ui/deed";
import { showNumber } from "../../ui/number";
import { phonesQuery } from "../welcome/queries";
import { PhoneCard, rings } from "./phone-card";

/** Phones in the order in which they ring: by pointer they are dragged, by keyboard and thumb moved step by step. */
export function PhoneList({ phones, verify }: { phones: PhoneDocument[]; verify: (phone: PhoneDocument) => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [removed, setRemoved] = useState<PhoneDocument | null>(null);
  const [said, setSaid] = useState("");
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 6 } }));
  const readAgain = () => queries.invalidateQueries({ queryKey: ["phones"] });
  const { queryKey } = phonesQuery;
  const change = useDeed(async ({ id, ...body }: { id: string; enabled?: boolean; position?: number }) => {
    // What was asked before the write may be answered after it, with what is no more.
    await queries.cancelQueries({ queryKey });
    const { position } = body;
    if (position !== undefined) {
      const from = phones.findIndex((phone) => phone.id === id);
      queries.setQueryData(queryKey, arrayMove(phones, from, position));
    }
    try {
      await take(api.PATCH("/api/v1/account/phones/{id}", { params: { path: { id } }, body }));
    } finally {
      await readAgain();
    }
  });
  const move = (from: number, to: number) => {
    const phone = phones[from];
    if (!phone || to < 0 || to >= phones.length || from === to) {
      return;
    }
    setSaid(t("account.phones.moved", { number: showNumber(phone.number), place: to + 1 }));
    change.go({ id: phone.id, position: to });
  };
  const drop = ({ active, over }: DragEndEvent) => {
    const place = (id: unknown) => phones.findIndex((phone) => phone.id === id);
    if (over) {
      move(place(active.id), place(over.id));
    }
  };
  const ringing = phones.filter(rings);
  return (
    <>
      <VisuallyHidden role="status">{said}</VisuallyHidden>
      <DndContext sensors={sensors} collisionDetection={closestCenter} onDragEnd={drop}>
        <SortableContext items={phones.map(({ id }) => id)} strategy={verticalListSortingStrategy}>
          <Stack gap="xs" component="ol" m={0} p={0}>
            {phones.map((phone, index) => (
              <PhoneCard
                key={phone.id}
                phone={phone}
                place={ringing.indexOf(phone)}
                isOnly={phones.length === 1}
                isFirst={index === 0}
                isLast={index === phones.length - 1}
                busy={change.busy}
                up={() => move(index, index - 1)}
                down={() => move(index, index + 1)}
                enable={(enabled) => change.go({ id: phone.id, enabled })}
                verify={() => verify(phone)}
                remove={() => setRemoved(phone)}
              />
            ))}
          </Stack>
        </SortableContext>
      </DndContext>
      <Failed failure={change.failure} />
      {removed && (
        <Confirm
          title={t("account.phones.removeTitle", { number: showNumber(removed.number) })}
          action={t("common.remove")}
          does={async () => {
            await take(api.DELETE("/api/v1/account/phones/{id}", { params: { path: { id: removed.id } } }));
            await readAgain();
          }}
          close={() => setRemoved(null)}
        >
          {rings(removed) && ringing.length === 1 ? t("account.phones.removeLast") : t("account.phones.removeText")}
        </Confirm>
      )}
    </>
  );
}
