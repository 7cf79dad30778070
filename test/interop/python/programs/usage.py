"""A Python service that serves tenants with a language model, traced by the OpenTelemetry SDK.

It knows nothing of quotel. It serves until it has served --requests or its standard input ends, and then prints, as one
line of JSON, the usage it has caused, counted where the work is done and not from the spans.
"""

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter, defaultdict

from exporting import Delivery, OTLPSpanExporter, Warnings
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

REDELIVERY_BATCH = 37


class SpanDelivery(Delivery):
    """Remembers what passes through, so that it can be delivered again."""

    def __init__(self):
        super().__init__(OTLPSpanExporter())
        self.spans = []

    def export(self, spans):
        self.spans.extend(spans)
        return super().export(spans)

    def redeliver(self):
        """Everything once more, in another order and cut into other batches."""
        spans = self.spans[::-1]
        for start in range(0, len(spans), REDELIVERY_BATCH):
            super().export(spans[start : start + REDELIVERY_BATCH])


class Service:
    """Serves requests, and keeps its own books of what each tenant consumed."""

    def __init__(self, provider, rng):
        self.tracer = provider.get_tracer("python-service", "1.0.0")
        self.rng = rng
        self.books = defaultdict(Counter)
        self.events = 0

    def serve(self, tenant, attributes):
        """One request: the server's span around an agent's run of model calls."""
        broken = self.rng.random() < 0.05
        status = 503 if broken else self.rng.choice([200, 200, 201, 404])
        with self.tracer.start_as_current_span(
            "POST /ask", kind=SpanKind.SERVER, attributes=attributes | self.http("POST", status)
        ):
            self.count(tenant, api_calls=1)
            # Only wraps model calls, and repeats their sum: counting it would double them.
            with self.tracer.start_as_current_span(
                "invoke_agent",
                attributes=attributes | {"gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 10**6},
            ):
                for _ in range(self.rng.randint(0, 2)):
                    self.chat(tenant, attributes)
                if self.rng.random() < 0.4:
                    self.embed(tenant, attributes)

    def chat(self, tenant, attributes):
        refused = self.rng.random() < 0.1
        usage = {} if refused else self.chat_usage()
        with self.model_call("chat", "gpt-4o-mini", attributes | usage) as span:
            self.call_provider(attributes)
            if refused:
                span.set_attribute("error.type", "RateLimitError")
                span.set_status(Status(StatusCode.ERROR))
        self.count(tenant, chat_messages=0 if refused else 1, tokens=sum(self.tokens(usage)))

    def chat_usage(self):
        """Counts in the names of the current conventions or in the older ones; cached and reasoning are parts of them."""
        read, written = self.rng.randint(0, 4000), self.rng.randint(0, 900)
        if self.rng.random() < 0.3:
            return {"gen_ai.usage.prompt_tokens": read, "gen_ai.usage.completion_tokens": written}
        return {
            "gen_ai.usage.input_tokens": read,
            "gen_ai.usage.output_tokens": written,
            "gen_ai.usage.cache_read.input_tokens": read // 2,
            "gen_ai.usage.reasoning.output_tokens": written // 3,
        }

    def embed(self, tenant, attributes):
        tokens = self.rng.randint(1, 500)
        usage = {"gen_ai.usage.input_tokens": tokens}
        with self.model_call("embeddings", "text-embedding-3-small", attributes | usage):
            self.call_provider(attributes)
        self.count(tenant, embeddings=1, tokens=tokens, embedding_tokens=tokens)

    def model_call(self, operation, model, attributes):
        provider = self.rng.choice(["gen_ai.provider.name", "gen_ai.system"])
        return self.tracer.start_as_current_span(
            f"{operation} {model}",
            kind=SpanKind.CLIENT,
            attributes=attributes
            | {"gen_ai.operation.name": operation, provider: "openai", "gen_ai.request.model": model},
        )

    def call_provider(self, attributes):
        """The HTTP client's span of a model call: somebody else's request, not a use of ours."""
        with self.tracer.start_as_current_span(
            "POST", kind=SpanKind.CLIENT, attributes=attributes | self.http("POST", 200)
        ):
            pass

    def http(self, method, status):
        """Python's own instrumentations still write the older names unless told otherwise."""
        if self.rng.random() < 0.5:
            return {"http.method": method, "http.status_code": status, "http.route": "/ask"}
        return {"http.request.method": method, "http.response.status_code": status, "http.route": "/ask"}

    def count(self, tenant, **amounts):
        self.books[tenant].update(amounts)
        self.events += 1

    @staticmethod
    def tokens(usage):
        counted = ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens")
        return [amount for name, amount in usage.items() if name.removeprefix("gen_ai.usage.") in counted]


def closing_of_stdin():
    closed = threading.Event()

    def wait():
        sys.stdin.read()
        closed.set()

    threading.Thread(target=wait, daemon=True).start()
    return closed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=sys.maxsize)
    parser.add_argument("--pause-ms", type=float, default=0)
    parser.add_argument("--redeliver", action="store_true")
    options = parser.parse_args()

    warnings = Warnings()
    stop = closing_of_stdin()
    rng = random.Random(options.requests)
    # Three tenants name themselves in the span, by one name or another; one deployment belongs to a tenant as a whole;
    # and some work is nobody's.
    shared, dedicated = SpanDelivery(), SpanDelivery()
    providers = [
        TracerProvider(resource=Resource({"service.name": "shared"})),
        TracerProvider(resource=Resource({"service.name": "dedicated", "tenant.id": "initech"})),
    ]
    for provider, delivery in zip(providers, (shared, dedicated)):
        provider.add_span_processor(BatchSpanProcessor(delivery))
    services = [Service(provider, rng) for provider in providers]
    callers = [
        (services[0], "acme", {"quotel.tenant.id": "acme"}),
        (services[0], "globex", {"tenant.id": "globex"}),
        (services[0], "umbrella", {"traceloop.association.properties.customer_id": "umbrella"}),
        (services[0], "unattributed", {}),
        (services[1], "initech", {}),
    ]

    served = 0
    while served < options.requests and not stop.is_set():
        service, tenant, attributes = rng.choice(callers)
        service.serve(tenant, attributes)
        served += 1
        time.sleep(options.pause_ms / 1000)

    for provider in providers:
        provider.force_flush()
    if options.redeliver:
        shared.redeliver()
        dedicated.redeliver()
    for provider in providers:
        provider.shutdown()

    totals = {tenant: dict(+book) for service in services for tenant, book in service.books.items()}
    report = {
        "totals": totals,
        "events": sum(service.events for service in services),
        "failedExports": shared.failed + dedicated.failed,
        "warnings": warnings.count,
    }
    print(json.dumps(report))


main()
