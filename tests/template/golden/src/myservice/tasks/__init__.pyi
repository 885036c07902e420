from .send_welcome import send_welcome as send_welcome
