import { startTelemetry } from '../platform/telemetry/telemetry.js';

startTelemetry('order-service');
