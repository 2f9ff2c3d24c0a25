"""The device gateway: HTTPS (enrolment, updates) and MQTT, both by the device's own certificate."""
