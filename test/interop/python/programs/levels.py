"""A Python service that reports what its tenants hold, with the metrics SDK of OpenTelemetry.

It knows nothing of quotel but two names: the tenant's attribute, and metrics called after what is held. It changes what
its tenants hold and exports after every change, each export twice, and then prints, as one line of JSON, what each of
them holds and the most it has held.
"""

import argparse
import json
import math
import random

from exporting import Delivery, OTLPMetricExporter, Warnings
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

TENANTS = ["acme", "globex", "initech"]


class Instance:
    """One process of the service, with instruments of its own."""

    def __init__(self, name):
        self.delivery = Delivery(OTLPMetricExporter(), times=2)
        resource = Resource({"service.name": "python-service", "service.instance.id": name})
        # It exports when it is told to, and by no clock.
        reader = PeriodicExportingMetricReader(self.delivery, export_interval_millis=math.inf)
        self.provider = MeterProvider([reader], resource=resource)
        meter = self.provider.get_meter("python-service", "1.0.0")
        self.members = meter.create_gauge("members")
        self.channels = meter.create_up_down_counter("channels")


class Books:
    """What every tenant holds, and the most of it at any export."""

    def __init__(self):
        self.levels = {tenant: {} for tenant in TENANTS}

    def hold(self, tenant, resource, value):
        level = self.levels[tenant].setdefault(resource, {"value": value, "highWater": value})
        level["value"] = value
        level["highWater"] = max(level["highWater"], value)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=20)
    options = parser.parse_args()

    warnings = Warnings()
    rng = random.Random(options.changes)
    books = Books()
    instances = [Instance("a"), Instance("b")]
    channels = {tenant: [0, 0] for tenant in TENANTS}

    for _ in range(options.changes):
        # Members are counted in one place; channels come and go in both, and what there is, is their sum.
        which = rng.randrange(len(instances))
        instance = instances[which]
        for tenant in TENANTS:
            attributes = {"quotel.tenant.id": tenant}
            members = rng.randint(0, 50)
            instance.members.set(members, attributes)
            books.hold(tenant, "members", members)
            change = rng.randint(-3, 6)
            instance.channels.add(change, attributes)
            channels[tenant][which] += change
            books.hold(tenant, "channels", sum(channels[tenant]))
        instance.provider.force_flush()

    for instance in instances:
        instance.provider.shutdown()
    report = {
        "levels": books.levels,
        "failedExports": sum(instance.delivery.failed for instance in instances),
        "warnings": warnings.count,
    }
    print(json.dumps(report))


main()
