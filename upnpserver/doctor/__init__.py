"""What goes wrong in real homes, looked for on this machine, with what to do about it.

findings   what a check tells
firewall   rules of nftables and iptables: would a TV get through? pure
machine    folders, watches, state folder, programs and libraries, the clock
network    interfaces, multicast, ports, twins of this server
"""
