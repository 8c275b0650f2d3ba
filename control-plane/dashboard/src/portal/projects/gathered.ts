/** Most items of a page of the API. */
export const PAGE = 200;

/** Pages one after another, until there are enough. */
export async function gathered<T>(
  page: (after: string | undefined) => Promise<{ items: T[]; next?: string | null }>,
  most = PAGE,
): Promise<T[]> {
  const items: T[] = [];
  let after: string | undefined;
  do {
    const read = await page(after);
    items.push(...read.items);
    after = read.next ?? undefined;
  } while (after && items.length < most);
  return items;
}
