"""`doctor` on RabbitMQ: the time-out that a client cannot ask for."""

from .test_doctor import PREFIX, examined


def test_the_doctor_compares_the_time_out_with_the_servers_file(services: dict[str, str]) -> None:
    assert examined(services)["rabbitmq.conf"]["well"]
    changed = examined({**services, f"{PREFIX}CONSUMER_TIMEOUT": "2000"})
    assert "expected consumer_timeout = 2000000" in changed["rabbitmq.conf"]["says"]
