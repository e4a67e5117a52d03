import type { z } from 'zod';
import { serviceEnvironment } from '../platform/environment/environment.js';

export const orderServiceEnvironment = serviceEnvironment({ port: 3000, dataDir: '.data/order-service' });

export type OrderServiceEnvironment = Readonly<z.infer<typeof orderServiceEnvironment>>;
