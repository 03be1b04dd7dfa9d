"""Programs of a workspace are told when its jobs end. docs/webhooks.md says how it looks there.

    events      what is told, written down together with the end of a job
    deliveries  who sends it and when, and what comes of it
    sending     one request; addresses and signing say where to, and prove from whom
    sender      the process that does it
    keeping     what people do with their webhooks

Writing down is exactly once, sending at least once, with the same id each time.
"""
