def render(found):
    return ""


def fastest_peer(found, s):
    return ""
