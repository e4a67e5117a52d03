import { z } from 'zod';

/** The topic on which is asked how much of an item there is. Nest answers on the other one. */
export const INVENTORY_CHECK = 'inventory.check';
export const INVENTORY_CHECK_REPLIES = `${INVENTORY_CHECK}.reply`;

/** Where a message goes that nobody waits for, so that its error cannot be answered. */
export const INVENTORY_CHECK_DEAD_LETTERS = `${INVENTORY_CHECK}.dlt`;

export const inventoryCheck = z.object({ sku: z.string().min(1).max(50) });

/** The reply; `available` is null where there is no such item. */
export const stockLevel = z.object({ sku: z.string(), available: z.int().min(0).nullable() });

export type InventoryCheck = Readonly<z.infer<typeof inventoryCheck>>;
export type StockLevel = Readonly<z.infer<typeof stockLevel>>;
