"""A Python service that reports who changed what, with the logs SDK of OpenTelemetry.

It knows nothing of quotel but the names of the attributes. Between its ordinary log lines it records changes, exports
everything twice, and then prints, as one line of JSON, the changes in the order it made them.
"""

import argparse
import json
import random
import time

from exporting import Delivery, OTLPLogExporter, Warnings
from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor

TENANTS = ["acme", "globex", "initech"]
PLANS = ["trial", "starter", "pro"]


def attributes_of(change, n, rng):
    attributes = {
        "quotel.tenant.id": change["tenantId"],
        "quotel.audit.actor.id": change["actorId"],
        "quotel.audit.entity.id": change["entityId"],
        "quotel.audit.old": change["old"],
        # Structured values may also travel as their JSON text.
        "quotel.audit.new": rng.choice([change["new"], json.dumps(change["new"])]),
    }
    # Where the service gives no id, the record itself identifies the change.
    return attributes | ({"quotel.audit.id": f"change-{n}"} if rng.random() < 0.5 else {})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=60)
    options = parser.parse_args()

    warnings = Warnings()
    rng = random.Random(options.changes)
    delivery = Delivery(OTLPLogExporter(), times=2)
    provider = LoggerProvider()
    provider.add_log_record_processor(BatchLogRecordProcessor(delivery))
    logger = provider.get_logger("python-service", "1.0.0")

    changes = []
    for n in range(options.changes):
        change = {
            "tenantId": rng.choice(TENANTS),
            "eventType": rng.choice(["plan.changed", "member.invited"]),
            "actorId": rng.choice(["ann", "ben"]),
            "entityId": f"subscription-{n:04}",
            "old": {"plan": rng.choice(PLANS), "seats": [n, n + 1], "trial": True},
            "new": {"plan": rng.choice(PLANS), "seats": [n + 2], "limits": {"tokens": 10_000}},
        }
        logger.emit(timestamp=time.time_ns(), severity_number=SeverityNumber.INFO, body="served a request")
        logger.emit(
            timestamp=time.time_ns(),
            event_name=f"quotel.audit.{change['eventType']}",
            attributes=attributes_of(change, n, rng),
        )
        changes.append(change)

    provider.force_flush()
    provider.shutdown()
    print(json.dumps({"changes": changes, "failedExports": delivery.failed, "warnings": warnings.count}))


main()
