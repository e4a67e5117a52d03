import { startTelemetry } from '../platform/telemetry/telemetry.js';

startTelemetry('notification-service');
