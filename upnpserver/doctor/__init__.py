"""What goes wrong in real homes, looked for on this machine, with what to do about it.

findings   what a check tells
firewall   rules of nftables and iptables: would a TV get through? pure
machine    folders, watches, state folder, programs and libraries, the clock
disks      how quick they are, how worn, and whether they sleep
lan        switches that keep multicast back, containers and VLANs
network    interfaces, multicast, ports, twins of this server
"""
