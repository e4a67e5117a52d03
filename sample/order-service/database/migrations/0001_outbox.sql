ALTER TABLE "orders" ADD COLUMN "sku" text, ADD COLUMN "quantity" integer;
--> statement-breakpoint
CREATE TABLE "outbox" (
	"id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	"topic" text NOT NULL,
	"messages" jsonb NOT NULL,
	"headers" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"sent_at" timestamp with time zone
);
--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "outbox" ("id") WHERE sent_at IS NULL;
--> statement-breakpoint
CREATE INDEX "outbox_sent" ON "outbox" ("sent_at") WHERE sent_at IS NOT NULL;
