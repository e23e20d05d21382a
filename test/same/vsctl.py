#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""vsctl: ovs-vsctl of Debian and of weft on the same command lines, see twin.py for the marks.

Usage: vsctl.py BUILDDIR/bin [--our-server] [SCENARIO..]. "--no-wait" comes in front of each line."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import twin

SCENARIOS = []


def scenario(name, lines):
    SCENARIOS.append((name, lines))


scenario('ports', r'''
    ~ show
    ~ show
    --version
    foo
    foo
    -- foo --bar
    add-br
    add-br br0
    add-br br0
    --may-exist add-br br0
    -- --may-exist add-br br0
    add-br a b
    add-br a b 5000
    add-br a b c
    add-br a br0 5
    add-br a br0 5
    add-br a2 br0 5
    add-br a3 a 6
    -- --may-exist add-br a br0 5
    -- --may-exist add-br a br0 6
    -- --may-exist add-br br0 br0 6
    -- --may-exist add-br a br1 6
    -- --may-exist add-br a
    list-br
    --real list-br
    -- --real list-br
    -- --fake list-br
    -- --real --fake list-br
    br-exists br0
    br-exists br1
    br-to-vlan a
    br-to-vlan br0
    br-to-vlan x
    br-to-parent a
    br-to-parent br0
    add-port br0 p1
    add-port br0 p1
    add-port a p2
    add-port br0 p2
    --may-exist add-port br0 p1
    -- --may-exist add-port br0 p2
    -- --may-exist add-port a p1
    -- --may-exist add-port a p2
    add-port nobr p3
    add-port br0 br0
    add-port br0 p3 tag=9
    add-port br0 p4 tag=9000
    add-port br0 p4 tagg=9
    add-port br0 p4 tag:9
    add-port br0 p4 tag=x
    add-port br0 p4 other_config:x=y
    list-ports br0
    list-ports a
    list-ports nobr
    list-ifaces br0
    port-to-br p1
    port-to-br p2
    port-to-br br0
    port-to-br p9
    iface-to-br p1
    iface-to-br br0
    iface-to-br p9
    add-bond br0 b0 i1
    add-bond br0 b0 i1 i2
    add-bond br0 b0 i1 i2
    -- --may-exist add-bond br0 b0 i1 i2
    -- --may-exist add-bond br0 b0 i2 i1
    -- --may-exist add-bond br0 b0 i2 i3
    -- --may-exist add-bond a b0 i2 i1
    add-bond br0 b1 i2 i4
    add-bond br0 b1 i5 i6 lacp=active
    -- --fake-iface add-bond br0 b2 i7 i8 lacp=xx
    -- --fake-iface add-bond br0 b2 i7 i8
    add-bond br0 b3 i9 i9
    add-bond br0 b3 i9 p1
    ~ show
    add-bond-iface b0 i3
    add-bond-iface b0 i3
    -- --may-exist add-bond-iface b0 i3
    -- --may-exist add-bond-iface b0 p1
    add-bond-iface b0 p1
    add-bond-iface b9 p1
    add-bond-iface p1 p1b
    del-bond-iface b0 i3
    del-bond-iface b0 i3
    -- --if-exists del-bond-iface b0 i3
    del-bond-iface i2
    del-bond-iface i1
    del-bond-iface p1 i1
    del-bond-iface b9 i1
    del-bond-iface zz
    ~ show
    del-port p9
    -- --if-exists del-port p9
    del-port br0 p2
    del-port a p1
    del-port a a
    del-port br0 br0
    del-port br0
    del-port i5
    -- --if-exists del-port i5
    -- --with-iface del-port i5
    -- --with-iface del-port br0 p1
    -- --with-iface del-port br0 p1
    -- --if-exists --with-iface del-port br0 p1
    -- --if-exists  del-port nobr p1
    del-port nobr p1
    del-br zz
    -- --if-exists del-br zz
    del-br a
    del-br br0
    ~ show
''')

scenario('settings', r'''
    init
    add-br br0 -- add-br br1 -- add-br f0 br0 9 -- add-port br0 p1
    br-set-external-id br0 k v
    br-set-external-id br0 k2 v2
    br-set-external-id f0 k v
    br-get-external-id br0 k
    br-get-external-id br0
    br-get-external-id f0
    br-get-external-id f0 k
    br-get-external-id br0 zz
    br-set-external-id br0 k
    br-get-external-id br0
    get-controller br0
    set-controller br0 tcp:1.2.3.4 ssl:[::1]:5
    set-controller br0 tcp:1.2.3.4 tcp:1.2.3.4
    set-controller br0 bogus
    -- --inactivity-probe=5000 set-controller br0 tcp:1.2.3.4
    # Debian takes 0 for what is no number.
    % -- --inactivity-probe=x set-controller br0 tcp:1.2.3.4
    -- --inactivity-probe=7000 set-controller br0 tcp:1.2.3.4
    -- --inactivity-probe set-controller br0 tcp:1.2.3.4
    get-controller br0
    get-controller f0
    ~ --columns=target,inactivity_probe list controller
    ~ show
    del-controller br0
    get-fail-mode br0
    set-fail-mode br0 secure
    set-fail-mode br0 bogus
    get-fail-mode br0
    ~ show
    del-fail-mode br0
    get-manager
    set-manager ptcp:6640 ssl:1.2.3.4:5
    get-manager
    ~ show
    set-manager ptcp:6640 ptcp:6640
    set-manager foo
    set-manager tcp:[1:5
    del-manager
    get-ssl
    set-ssl a b c
    get-ssl
    -- --bootstrap set-ssl /a b c
    get-ssl
    list ssl
    del-ssl
    get-ssl
    get-aa-mapping br0
    add-aa-mapping br0 5 6
    add-aa-mapping br0 7 x
    add-aa-mapping br0 7 8
    get-aa-mapping br0
    del-aa-mapping br0 7 9
    del-aa-mapping br0 7 8
    del-aa-mapping br1 7 8
    get-aa-mapping br0
    get-aa-mapping brx
    add-zone-tp system zone=1 icmp_first=1 icmp_reply=2
    --id=@d create Datapath datapath_version=5 -- set open_vswitch . datapaths:system=@d
    list-dp-cap system
    list-dp-cap netdev
    set datapath system capabilities:x=y
    list-zone-tp system
    list-zone-tp netdev
    add-zone-tp system zone=1 icmp_first=1 icmp_reply=2
    add-zone-tp system zone=1 icmp_first=1 icmp_reply=2
    -- --may-exist add-zone-tp system zone=1 icmp_first=1 icmp_reply=2
    add-zone-tp system zone=2 icmp_first=1 icmp_first=2
    add-zone-tp system zone=2
    add-zone-tp system zone=70000 icmp_first=3
    add-zone-tp system zone=3 icmp_first=1 icmp_reply=2
    add-zone-tp system zone=4 icmp_first=1 tcp_close=2
    list-zone-tp system
    ~ list CT_Zone
    ~ list CT_Timeout_Policy
    del-zone-tp system zone=9
    -- --if-exists del-zone-tp system zone=9
    del-zone-tp system zone=1
    del-zone-tp netdev zone=1
    list-zone-tp system
    set dat . capabilities:a=b
    list dat
    D := get open . datapaths:system
    set dat $D capabilities:a=b capabilities:c=true
    list-dp-cap system
    set bridge br0 other_config:hwaddr=00:00:00:00:00:01 other_config:x=y
    set port p1 other_config:x=y
    set open . other_config:x=y
    emer-reset
    list open
    --columns=name,other_config list bridge br0
    list port p1
''')

scenario('columns', r'''
    init
    get bridge .
    get nosuch .
    add-br br0 -- add-br br1 -- add-br f0 br0 9 -- add-port br0 p1
    get bridge .
    get bridge . name
    get bridge br0 name
    get Bridge br0 NAME
    get brid br0 na
    get b br0 name
    get i p1 name
    get q p1 name
    get s . name
    get op . cur
    get op . nosuch
    get op . d
    get bridge br0 other
    get bridge br0 other-config
    get bridge br0 other_config:x
    -- --if-exists get bridge br0 other_config:x
    -- --if-exists get bridge br9 other_config:x
    get bridge br9
    get bridge br0
    get bridge br0 name:x
    get bridge br0 other_config:
    get bridge br0 name=
    get bridge br0 ''
    get bridge br0 _uuid:x
    -- --id=x get bridge br0
    -- --id=@x get bridge br0
    -- --id=@x --if-exists get bridge br0
    -- --id=@x get bridge br0 -- --id=@x get bridge br1
    set bridge br0 other_config:a=b other-config:c="d e" 'other-config:f="g\"h"'
    get bridge br0 other_config
    get bridge br0 other_config:a other_config:c other_config:f
    set bridge br0 other_config:a
    set bridge br0 other_config:a=
    set bridge br0 other_config:=x
    set bridge br0 other_config=x
    set bridge br0 other_config=x=y,z=w
    get bridge br0 other_config
    set bridge br0 'other_config={x=y, z=w v=u}'
    get bridge br0 other_config
    set bridge br0 'other_config=x=y,x=z'
    get bridge br0 other_config
    set bridge br0 'other_config={x=y'
    set bridge br0 'other_config=x=y}'
    set bridge br0 'other_config=[x=y]'
    set bridge br0 'flood_vlans=1,2,3'
    get bridge br0 'flood_vlans'
    set bridge br0 'flood_vlans=[1 2 5-9]'
    get bridge br0 'flood_vlans'
    set bridge br0 'flood_vlans=5-3'
    set bridge br0 'flood_vlans=0-5000'
    set bridge br0 'flood_vlans=0-4095'
    set bridge br0 'flood_vlans=1,1'
    get bridge br0 'flood_vlans'
    set bridge br0 'flood_vlans=[1,2'
    set bridge br0 'flood_vlans=1,'
    set bridge br0 'flood_vlans=,1'
    set bridge br0 'flood_vlans=1 2'
    set bridge br0 'flood_vlans=1;2'
    set bridge br0 'flood_vlans={1,2}'
    set bridge br0 'flood_vlans=[]'
    set bridge br0 'flood_vlans='
    set bridge br0 'fail_mode=foo'
    set bridge br0 'fail_mode=secure,standalone'
    set bridge br0 'fail_mode=secure'
    set bridge br0 'fail_mode=[]'
    set bridge br0 'stp_enable=yes'
    set bridge br0 'stp_enable=tru'
    set bridge br0 'stp_enable=[]'
    set bridge br0 'stp_enable=true'
    set bridge br0 'name=foo'
    set bridge br0 'name=br0'
    set bridge br0 '_uuid=br0'
    set bridge br0 'datapath_type=a b'
    get bridge br0 'datapath_type'
    set bridge br0 'datapath_type="a b"'
    get bridge br0 'datapath_type'
    set bridge br0 'datapath_type="a'
    set bridge br0 'datapath_type="a\u00e9\n\x"'
    set bridge br0 'datapath_type="a\u00e9\n"'
    get bridge br0 'datapath_type'
    set bridge br0 'datapath_type=""'
    set bridge br0 'datapath_type=true'
    get bridge br0 'datapath_type'
    set bridge br0 'datapath_type=123'
    get bridge br0 'datapath_type'
    set bridge br0 'datapath_type=a-b.c_d/e'
    get bridge br0 'datapath_type'
    set bridge br0 'ports=br9'
    set bridge br0 'ports=[]'
    set bridge br0 'ports=@x'
    set bridge br0 'ports=00000000-0000-0000-0000-000000000000'
    set interface p1 'ofport_request=99999999999999999999'
    set interface p1 'ofport_request=0x10'
    get interface p1 'ofport_request'
    set interface p1 'ofport_request=-1'
    set interface p1 'ofport_request=1.5'
    set interface p1 'ofport_request=1 '
    set interface p1 'ofport=-1'
    set interface p1 'ofport=1,2'
    set interface p1 'ofport=1-2'
    add bridge br0 other_config x=5
    add bridge br0 other_config q=5
    add bridge br0 other_config q=6 r=7
    add bridge br0 other_config q
    add bridge br0 other_config
    get bridge br0 other_config
    add bridge br0 flood_vlans 5 6 7
    add bridge br0 flood_vlans 5,8
    add bridge br0 flood_vlans x
    add bridge br0 name x
    add bridge br0 fail_mode secure
    add bridge br0 fail_mode standalone
    add bridge br9 fail_mode standalone
    -- --if-exists add bridge br9 fail_mode standalone
    remove bridge br9 fail_mode standalone
    -- --if-exists remove bridge br9 fail_mode standalone
    remove bridge br0 fail_mode standalone
    remove bridge br0 fail_mode secure
    remove bridge br0 fail_mode secure
    remove bridge br0 flood_vlans 5 7
    remove bridge br0 other_config x q=5
    remove bridge br0 other_config x q=9
    remove bridge br0 other_config z,v
    get bridge br0 other_config
    remove bridge br0 stp_enable true
    remove bridge br0 name br0
    clear bridge br0 other_config flood_vlans
    clear bridge br0 name
    clear bridge br0 stp_enable
    clear bridge br0 _uuid
    clear bridge br9 fail_mode
    clear bridge br0
    destroy bridge br0
    destroy qos br0
    -- --if-exists destroy qos br0
    -- --all destroy qos
    -- --all destroy qos br0
    -- --all --if-exists destroy qos
    destroy qos
    create qos type=linux-htb
    create qos type=linux-htb queues=0=@q1
    create qos type=linux-htb queues:0=@q1 -- --id=@q1 create queue dscp=5
    -- --id=@q1 create queue dscp=6 -- --id=@q1 create queue dscp=6
    -- --id=@q1 create queue dscp=6 -- --id=q2 create queue dscp=6
    -- --id=11111111-1111-4111-8111-111111111111 create queue dscp=6
    create bridge name=foo
    create bridge foo
    create bridge name:x=foo
    create bridge name!=foo
    create Port name=foo
    create queue dscp=99
    create
    ~ --columns=dscp list queue
    list queue 1111
    list queue 111
    list queue 11111111-1111
    list queue zzz
    -- --if-exists list queue zzz
    ~ --columns=dscp,foo list queue
    --columns= list queue
    --columns=name,name,name list bridge br0
    --columns=na,oth list bridge br0 br1
    -- --columns=name list bridge br0 -- --columns=_uuid list port zz
    -- --columns=name list bridge br0 -- --columns=name list port p1
    list
    list foo
    comment hello world
    wait-until bridge br0
    wait-until bridge br0 name=br0
    -t1 wait-until bridge br0 name=br1
    -t1 wait-until bridge br9
''')

scenario('tables', r'''
    init
    add-br br0
    create queue dscp=1
    get queue .
    create qos type=a
    get qos .
    get port .
    get interface .
    create queue dscp=2
    get queue .
    get ssl .
    set ssl . ca_cert=x
    -- --id=@d create Datapath datapath_version=5 -- set open_vswitch . datapaths:system=@d
    get datapath .
    get datapath . datapath_version
    get datapath system datapath_version
    set bridge br0 netflow=@n -- --id=@n create netflow 'targets="1.2.3.4:5"'
    get netflow br0 targets
    get netflow br9 targets
    get sflow br0 targets
    get controller br0 target
    set-controller br0 tcp:1:2 tcp:3:4
    get controller br0 target
    get controller tcp:1:2 target
    get flow_sample_collector_set 5 id
    B := get bridge br0 _uuid
    -- --id=@b get bridge br0 -- create flow_sample_collector_set id=5 bridge=@b
    get flow_sample_collector_set 5 id
    get flow_sample_collector_set 05 id
    get flow_sample_collector_set 6 id
    create mirror name=m1 -- create mirror name=m1
    -- --id=@a create mirror name=m1 -- --id=@b create mirror name=m1 -- set bridge br0 mirrors=@a,@b
    get mirror m1 name
    --format=table list bridge br0
    --format=csv list bridge br0
    --format=html list bridge br0
    --format=json list bridge br0
    --format=json --pretty list bridge br0
    --format=list --data=json list bridge br0
    --format=list --data=bare list bridge br0
    --bare list bridge br0
    --format=table --data=bare list bridge br0
    % --format=table --max-column-width=10 list bridge br0
    --format=foo list bridge br0
    --data=foo list bridge br0
    --columns=_uuid,name,_version list bridge br0
    % --oneline list bridge br0 -- get bridge br0 name -- show -- list-br -- comment x -- list-ports br0
    --no-headings list bridge br0
    --no-headings --format=table list bridge br0
    --no-headings --format=csv list bridge br0
    --no-headings --format=html list bridge br0
    --no-headings --format=json list bridge br0
    ~ --format=table list mirror
    ~ --format=list list mirror
    --format=table list ssl
    list ssl
    --format=csv list ssl
    --format=html list ssl
    --format=json list ssl
    find bridge name=br0 -- --columns=name find bridge name!=br0
    --columns=name find bridge 'name{=}br0'
    --columns=name find bridge 'name{in}br0'
    --columns=name find bridge 'name{in}br0,br1'
    --columns=name find bridge 'name{not-in}br0,br1'
    --columns=name find bridge 'name>br'
    --columns=name find bridge 'name<br'
    --columns=name find bridge name=
    --columns=name find bridge name
    --columns=name find bridge name==br0
    --columns=name find bridge 'flood_vlans{<=}1,2'
    --columns=name find bridge 'flood_vlans{>=}1,2'
    --columns=name find bridge 'flood_vlans{<}1,2'
    --columns=name find bridge 'flood_vlans{foo}1,2'
    --columns=name find bridge 'flood_vlans<1,2'
    --columns=name find bridge other_config:x=y
    --columns=name find bridge other_config:x!=y
    --columns=name find bridge 'other_config:x{!=}y'
    --columns=name find bridge 'other_config:x={}'
    --columns=name find bridge 'other_config={}'
    --columns=name find bridge other_config=x=y
    --columns=name find bridge name:x=y
    --columns=name find bridge ports=[]
    --columns=name find bridge fail_mode=[]
    --columns=name find bridge fail_mode!=secure
    --columns=name find foo
    --columns=name find bridge foo=bar
    find
    find mirror _uuid=$B
    --columns=name find bridge _uuid=$B
''')


scenario('options', r'''
    init
    --may add-br br0
    -- --may add-br br0
    -- --may-exist --may-exist add-br br0
    --may-exist --may-exist add-br br0
    -- --may-exist=x add-br br0
    --may-exist=x add-br br0
    -- --foo add-br br0
    --foo add-br br0
    -- --if-exists add-br br0
    --if-exists add-br br0
    -- --if-exists
    -- --if-exists -- add-br br0
    --
    -- --
    -- -- --may-exist add-br br0
    add-br br1 --
    add-br br2 -- --
    -- -x add-br br0
    -x add-br br0
    ~ --format list bridge
    ~ --timeout=x list bridge
    ~ --timeout=-1 list bridge
    ~ -t 5 --columns=name list bridge
    ~ -t5 --columns=name list bridge
    ~ --columns name list bridge
    --columns
    --db=unix:/nonexistent list-br
    --db=foo list-br
    --db=foo:bar list-br
    --db=tcp:127.0.0.1:1 list-br
    --db= list-br
    --db=unix:/nonexistent,unix:RUNDIR/db.sock list-br
    --db=unix:/nonexistent,unix:/nonexistent2 list-br
    --dry-run add-br br9
    list-br
    --dry-run create queue
    --oneline --dry-run add-br br9 -- list-br
    del-br br1 extra
    br-to-vlan
    show extra
    del-port
    del-port a b c
    set-ssl a b
    init extra
    set bridge br0
    set bridge
    get bridge
    find
    set-fail-mode br0
    add-br br-a -- foo
    list-br
    add-br ''
    add-br 'a b'
    add-br averyveryverylongname
    add-br 'a"b'
    add-port br2 'a"b c'
    add-port br2 'x.y-z'
    add-port br2 '5x'
    add-port br2 true
    add-port br2 11111111-1111-4111-8111-111111111111
    ~ show
    list-ports br2
    ~ --columns=name list port
    ~ --data=bare --columns=name list port
    -vfoo list-br
    --verbose=off list-br
    --no-syslog list-br
    add-port br0 gre1 -- set interface gre2 type=gre options:remote_ip=1.1.1.1
    add-port br0 p1 -- del-port p1 -- add-port br0 p1
    add-br q -- del-br q -- add-br q
    set bridge q name=z
    add-port q p7 -- --id=@i get interface p7 -- set port p7 interfaces=@i
    -- --id=@p create port name=x1 interfaces=@i -- --id=@i create interface name=x1 -- add bridge q ports @p
    list-ports q
    --no-wait=5 list-br
    -V
    list-br list-br
    get open_vswitch . _uuid
    remove bridge br2 ports x
    get bridge br2 ports:x
    get bridge br2 name -- set bridge br2 other_config:foo=bar -- get bridge br2 other_config:foo
''')

scenario('values', r'''
    init
    add-br br0 -- add-port br0 p1 -- add-port br0 p2 -- set-controller br0 tcp:1:2 -- set-manager ptcp:5
    set bridge br0 datapath_type=netdev datapath_id=0123 datapath_version=x protocols=OpenFlow10 stp_enable=true flood_vlans=1,2 mcast_snooping_enable=true external_ids:a=b other_config:c=d status:e=f
    set port p1 tag=5 trunks=1,2 vlan_mode=access bond_mode=active-backup lacp=active other_config:c=d external_ids:a=b cvlans=1 protected=true mac='"00:00:00:00:00:01"' fake_bridge=false
    set interface p1 type=vxlan options:remote_ip=1.1.1.1 options:key=flow error='"x y"' mtu_request=5 ofport_request=6 other_config:a=b external_ids:a=b admin_state=up link_state=down mac='"00:00:00:00:00:01"'
    set open . ovs_version='"3.1.0"' system_type=foo db_version='"8"' external_ids:a=b other_config:a=b
    set manager ptcp:5 is_connected=true connection_mode=in-band
    C := --data=bare --no-headings --columns=controller list bridge br0
    set controller $C is_connected=true connection_mode=in-band role=master
    create qos type=linux-htb -- create queue dscp=1
    -- --id=@q create qos type=linux-htb -- set port p1 qos=@q
    -- --id=@d create datapath datapath_version=x -- set open . datapaths:system=@d
    set-ssl a b c
    -- --id=@m create mirror name=m -- set bridge br0 mirrors=@m
    ~ show
    ~ --format=json show
    % --oneline show
    -- --id=@m create mirror name=m
    -- --id=@m create mirror name=m select_src_port=@p -- --id=@p create port name=q
    -- --id=@m create mirror name=m output_port=@p -- --id=@p get port p2
    -- --id=@p get port p2 -- --id=@m create mirror name=m output_port=@p
    -- --id=@q create queue dscp=3
    set port p7 interfaces=@i -- --id=@i get interface p7
    set port p2 interfaces=@i -- --id=@i get interface p2
    ~ --format=html --columns=name,_uuid,ports list bridge
    ~ --format=html --columns=ports,_uuid list bridge
    ~ --format=table --columns=name,error,name list interface
    ~ --format=table --columns=name,error list interface
    % --format=csv --columns=name list interface -- --columns=name list port
    ~ --format=html --columns=name list bridge -- --columns=name list bridge
    ~ --format=list --columns=name list bridge -- --columns=name list bridge
    ~ --format=table --columns=name list bridge -- --columns=name list bridge
    ~ --format=json --columns=name list bridge -- --columns=name list bridge
    get bridge br0 _uu
    get bridge br0 _UUID
    ~ --columns=_UUID,NAME list bridge
    get bridge br0 '"name"'
    list bridge br0 br0
    set bridge br0 'other_config:"a=b"=c'
    set bridge br0 'other_config:a:b=c'
    set bridge br0 'other_config:a=b=c'
    set bridge br0 'other_config:q=tcp:1.2.3.4:5'
    set bridge br0 'other_config:q=[a]'
    set bridge br0 'other_config:q=a,b'
    set bridge br0 'other_config:q="a,b"'
    set bridge br0 'other_config:q=a b'
    set bridge br0 'other_config:q=a,c=d'
    set bridge br0 'other_config:q={a=b}'
    set bridge br0 'other_config:q=a=b,c=d'
    get bridge br0 'other_config'
    set bridge br0 'other_config:q!=a'
    set bridge br0 'name:=a'
    set bridge br0 'fail_mode=  secure  '
    set bridge br0 'fail_mode= '
    set bridge br0 'fail_mode="secure'
    set bridge br0 'fail_mode="sec"ure'
    set bridge br0 '=x'
    set bridge br0 ':x=y'
    set bridge br0 flood_vlans:1=2
    set netflow br0 active_timeout=3
    set bridge br0 netflow=@nf -- --id=@nf create NetFlow targets='"1.1.1.1:1"' active-timeout=30
    set netflow br0 active_timeout=60
    set netflow br0 active_timeout=-2
    set netflow br0 engine_id=256
    set netflow br0 targets=[]
    remove netflow br0 targets '"1.1.1.1:1"'
    clear netflow br0 targets
    create flow_table name=x prefixes=a,b,c,d
    add port p1 trunks 4 5-8
    get port p1 trunks
    remove port p1 trunks 5-7 4
    get port p1 trunks
    get interface p1 statistics
    set interface p1 statistics:a=5 statistics:b=x
    set interface p1 statistics:a=5
    get interface p1 statistics:a
    create controller target=5
    set controller $C controller_rate_limit=5
    set controller $C controller_rate_limit=99999999999
    set ipfix . sampling=0
    create ipfix sampling=0
    create ipfix sampling=5000000000
    set qos . queues:0=@q -- --id=@q create queue dscp=1
''')

scenario('fake-bridges', r'''
    add-br br0 -- add-br a br0 5 -- add-br z br0 0 -- add-port br0 p1 -- add-port a p2 -- add-port z p3 -- add-bond br0 b0 i1 i2 -- add-bond a b1 i3 i4
    add-port a p4 tag=7
    get port p4 tag
    get port p3 tag
    list-ports z
    list-ports a
    list-ports br0
    list-ifaces a
    list-ifaces br0
    br-to-vlan z
    port-to-br p3
    iface-to-br i3
    port-to-br a
    iface-to-br a
    del-port p9
    -- --if-exists del-port p9
    del-port br0 p2
    del-port a p1
    del-port a a
    del-port a
    del-port br0 a
    del-port br0 br0
    del-port br0
    -- --if-exists del-port br0
    -- --if-exists del-port a
    -- --if-exists del-port br0 p9
    -- --if-exists del-port nobr p9
    -- --if-exists del-port br0 p2
    del-port i1
    -- --if-exists del-port i1
    -- --with-iface del-port zz
    -- --with-iface --if-exists del-port zz
    -- --with-iface del-port br0 i3
    -- --with-iface del-port a i3
    -- --with-iface del-port br0 p1
    -- --with-iface del-port b0
    del-br zz
    -- --if-exists del-br zz
    add-br p3
    add-br q br0 5
    add-port br0 a
    add-port a br0
    add-bond br0 a x y
    add-bond br0 bb br0 y
    add-bond br0 bb bb y
    add-bond br0 bc bd tag=3
    add-bond br0 bc bd be tag=3 bf
    add-bond br0 bc bd be tag=3 vlan_mode=access
    add-bond-iface a x
    -- --may-exist add-bond br0 p2 x y
    -- --may-exist add-port br0 bc
    -- --may-exist add-port br0 bc tag=7
    get port bc tag
    -- --may-exist add-port a p2 tag=9
    get port p2 tag
    -- --may-exist add-port br0 p2 tag=9
    del-br a
    list-br
    del-br br0
    list-br
    add-br br0 -- add-br a br0 5 -- br-set-external-id a x y
    get port a external_ids
    set-controller a tcp:1:1
    set-fail-mode a secure
    get-fail-mode a
    del-controller a
    add-br b a 6
    br-set-external-id zz a b
    br-get-external-id zz
    -- br-to-parent zz
    add-br c br0 -1
    add-br c br0 4096
    add-br c br0 4095
    add-br c br0 5x
    -- --may-exist add-br br0 zz 5
    add-aa-mapping a 1 2
''')

scenario('emer-reset', r'''
    init
    -- --id=@d create datapath datapath_version=1 ct_zones:5=@z -- --id=@z create ct_zone -- set open . datapaths:system=@d
    list-zone-tp system
    --leader-only list-br
    --shuffle-remotes list-br
    --inactivity-probe=5000 set-controller
    --inactivity-probe=5000 set-manager tcp:1.2.3.4:5
    ~ --columns=inactivity_probe list manager
    add-br br0 -- add-port br0 p1 -- set-controller br0 tcp:1:1 -- add-aa-mapping br0 1 2
    set bridge br0 other_config:a=b other_config:hwaddr=00:11:22:33:44:55 fail_mode=secure stp_enable=true datapath_type=netdev protocols=OpenFlow10 flood_vlans=1 mcast_snooping_enable=true datapath_id=1 external_ids:x=y rstp_enable=true
    set port p1 other_config:a=b tag=5 trunks=5 bond_mode=active-backup lacp=active external_ids:x=y vlan_mode=access
    -- --id=@q create qos type=x other_config:a=b queues:0=@u -- --id=@u create queue other_config:a=b -- set port p1 qos=@q
    -- --id=@m create mirror name=m select_all=true -- --id=@n create netflow 'targets="1:1"' -- --id=@s create sflow 'targets="1:1"' -- --id=@i create ipfix 'targets="1:1"' -- set bridge br0 mirrors=@m netflow=@n sflow=@s ipfix=@i
    -- --id=@t create flow_table name=x flow_limit=5 -- set bridge br0 flow_tables:0=@t
    set interface p1 other_config:a=b options:a=b ingress_policing_rate=5 ingress_policing_burst=6 lldp:enable=true bfd:enable=true cfm_mpid=5 external_ids:x=y type=internal mtu_request=500 ofport_request=5 ingress_policing_kpkts_rate=5
    set open . other_config:a=b external_ids:x=y
    set-ssl a b c
    get bridge br0 controller
    emer-reset
    add-aa-mapping br0 x 2
    add-aa-mapping br0 5 5000
    add-aa-mapping br0 99999999 5
    add-aa-mapping br0 -1 5
    add-aa-mapping br0 1 2
    add-aa-mapping br0 1 3
    get-aa-mapping br0
    del-aa-mapping br0 1 2
    get-aa-mapping br0
    del-aa-mapping br0 x 2
    set-manager foo:bar:x
    set-controller br0 tcp:a ssl:b unix:c ptcp:d pssl:e punix:f none x: y
    get-controller br0
    br-exists nobr -- list-br
    list-br -- br-exists nobr
    list-br -- br-exists br0 -- list-br
''')

scenario('words', r'''
    add-br br0
    set bridge br0 'flood_vlans= '
    set bridge br0 'other_config= '
    set bridge br0 'datapath_type= '
    set bridge br0 'name= '
    add bridge br0 flood_vlans ''
    add bridge br0 flood_vlans '[]'
    add bridge br0 other_config '{}'
    find bridge 'flood_vlans= '
    remove bridge br0 flood_vlans '[]'
    remove bridge br0 flood_vlans ' '
    remove bridge br0 other_config ' '
    set bridge br0 'flood_vlans=[1 ,2,,3]'
    get bridge br0 flood_vlans
    set bridge br0 'flood_vlans=[,1]'
    set bridge br0 'flood_vlans=1]'
    set bridge br0 'flood_vlans=[1]x'
    set bridge br0 'flood_vlans=[1] '
    set bridge br0 'other_config={a=b}x'
    set bridge br0 'other_config=a=b c'
    set bridge br0 'other_config=a = b'
    set bridge br0 'other_config=a=b=c'
    set bridge br0 'other_config=a:b=c'
    set bridge br0 'other_config="a:b"=c'
    set bridge br0 'other_config=a=[b]'
    set bridge br0 'other_config=a='
    set bridge br0 'other_config==b'
    set bridge br0 'other_config:a"b=c'
    set bridge br0 'other_config=a"b=c'
    set bridge br0 'other_config="a"b"=c'
    set bridge br0 'other_config:a=x"y'
    set bridge br0 'other_config:a="x"y'
    set bridge br0 'other_config:a="x"y"'
    set bridge br0 'other_config:a="\u0041\ud83d\ude00"'
    set bridge br0 'other_config:a="\u00"'
    set bridge br0 'other_config:a="\u0000"'
    set bridge br0 'other_config:a="\ud83d"'
    set bridge br0 'other_config:a="\'
    set bridge br0 'other_config:a="\"'
    get bridge br0 other_config
    set bridge br0 'flood_vlans=1-3-5'
    set bridge br0 'flood_vlans=1-'
    set bridge br0 'flood_vlans=-1'
    set bridge br0 'flood_vlans=5-5'
    set bridge br0 'flood_vlans=1-2,2-3'
    set bridge br0 'flood_vlans=1--2'
    set bridge br0 'flood_vlans=0-4095,4096'
    set bridge br0 'flood_vlans=+5'
    set bridge br0 'flood_vlans=0x5'
    set bridge br0 'flood_vlans=05'
    set bridge br0 'flood_vlans="5"'
    set bridge br0 'stp_enable="true"'
    set bridge br0 'ports="x"'
    -- --id=@a create port name=p interfaces=@b -- --id=@b create interface name=p -- add bridge br0 ports @a
    set bridge br0 ports=@
    set interface p ofport_request=99999999999999999999
    set interface p ofport_request=0x10
    set interface p ofport_request=-1
    set interface p ofport_request=1.5
    set interface p 'ofport_request=1 '
    set interface p ofport=-1
    set interface p ofport=1,2
    set interface p ofport=1-2
    set interface p ofport=9223372036854775807
    set interface p ofport=9223372036854775808
    set interface p ofport=-9223372036854775808
    get interface p ofport
    set interface p cfm_remote_mpids=1-9000
    set interface p cfm_remote_mpids=1-4097
    set interface p cfm_remote_mpids=1-4096
    set interface p statistics:a=5-6
    set interface p statistics=1-2=5
    set interface p statistics={a=1,b=2-3}
''')


# What libvirt, mininet and neutron run; facts/clients.md of the project has where it comes from.
scenario('clients', r"""
    -- --may-exist add-br br0
    --timeout=5 -- --if-exists del-port vnet0 -- add-port br0 vnet0 tag=42 -- set Interface vnet0 'external-ids:attached-mac="52:54:00:00:00:01"' -- set Interface vnet0 'external-ids:iface-id="11111111-1111-4111-8111-111111111111"' -- set Interface vnet0 'external-ids:vm-id="22222222-1111-4111-8111-111111111111"' -- set Interface vnet0 external-ids:iface-status=active
    --timeout=5 -- --may-exist add-port br0 vnet1 vlan_mode=native-tagged tag=20 trunk=20,30
    --timeout=5 -- --if-exists del-port vnet9
    get Interface vnet0 external_ids
    --columns=name,tag,trunks,vlan_mode list port vnet1
    set port vnet0 qos=@qos1 'external-ids:vm-id="22222222-1111-4111-8111-111111111111"' external-ids:ifname=vnet0 -- --id=@qos1 create qos type=linux-htb other_config:min-rate=80000000 other_config:burst=8192000 other_config:max-rate=160000000 queues:0=@queue0 'external-ids:vm-id="22222222-1111-4111-8111-111111111111"' external-ids:ifname=vnet0 -- --id=@queue0 create queue other_config:min-rate=80000000 other_config:burst=8192000 other_config:max-rate=160000000 'external-ids:vm-id="22222222-1111-4111-8111-111111111111"' external-ids:ifname=vnet0
    --timeout=5 --no-heading --columns=_uuid find queue 'external-ids:vm-id="22222222-1111-4111-8111-111111111111"' 'external-ids:ifname="vnet0"'
    --timeout=5 --no-heading --columns=_uuid find qos 'external-ids:vm-id="22222222-1111-4111-8111-111111111111"' 'external-ids:ifname="vnet0"'
    --timeout=5 --no-heading --columns=_uuid find qos 'external-ids:vm-id="33333333-1111-4111-8111-111111111111"'
    set Interface vnet0 ingress_policing_rate=80000 ingress_policing_burst=8000
    -- --if-exists clear Port vnet0 tag -- --if-exists clear Port vnet0 trunk -- --if-exists clear Port vnet0 vlan_mode -- --if-exists set Port vnet0 tag=43
    -- --if-exists clear Port vnet7 tag -- --if-exists clear Port vnet7 trunk -- --if-exists clear Port vnet7 vlan_mode -- --if-exists set Port vnet7 tag=43
    --timeout=5 --if-exists --format=list --data=json --no-headings --columns=statistics list Interface vuport
    set interface vnet0 statistics:rx_bytes=1 statistics:tx_bytes=2
    --timeout=5 --if-exists --format=list --data=json --no-headings --columns=statistics list Interface vnet0
    --timeout=5 -- --if-exists del-port vnet0
    --columns=type,queues list qos
    --columns=other_config list queue
    -- --id=@s1c0 create Controller target=\"tcp:127.0.0.1:6653\" max_backoff=1000 -- --id=@s1-listen create Controller target=\"ptcp:6654\" max_backoff=1000 -- --if-exists del-br s1 -- add-br s1 -- set bridge s1 controller=[@s1c0,@s1-listen] other_config:datapath-id=0000000000000001 fail_mode=secure other-config:disable-in-band=true datapath_type=netdev protocols=OpenFlow13 stp_enable=true other-config:dp-desc=s1 -- add-port s1 s1-eth1 -- set Interface s1-eth1 ofport_request=1 -- add-port s1 s1-eth2 -- set Interface s1-eth2 ofport_request=2
    get Bridge s1 Controller
    % show
    C := get Bridge s1 controller
    get Bridge s1 other_config datapath_type protocols
    -- --id=@s1c0 create Controller target=\"tcp:127.0.0.1:6653\" -- --if-exists del-br s1 -- add-br s1 -- set bridge s1 controller=[@s1c0] -- --id=@s2c0 create Controller target=\"tcp:127.0.0.1:6654\" -- --if-exists del-br s2 -- add-br s2 -- set bridge s2 controller=[@s2c0]
    --if-exists del-br s1 -- --if-exists del-br s2
    -- --id=@manager create Manager target=\"ptcp:6640:127.0.0.1\" -- add Open_vSwitch . manager_options @manager
    get-manager
    --columns=target list Manager
    set Bridge br0 protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15
    -- set Bridge br0 mirrors=@m -- --id=@p get Port vnet1 -- --id=@m create Mirror name=mymirror select-dst-port=@p select-src-port=@p output-port=@p
    -- --id=@rec get Mirror mymirror -- remove Bridge br0 mirrors @rec
    -- set port vnet1 qos=@newqos -- --id=@newqos create qos type=linux-htb other-config:max-rate=1000000 queues:0=@newqueue -- --id=@newqueue create queue other-config:min-rate=1000000 other-config:max-rate=1000000
    -- destroy QoS vnet1 -- clear Port vnet1 qos
    -- --all destroy Queue -- --all destroy QoS
    -- --id=@nf create NetFlow targets=\"192.168.0.34:5566\" active-timeout=30 -- set Bridge br0 netflow=@nf
    set NetFlow br0 active_timeout=60
    -- --id=@s create sFlow agent=eth1 target=\"10.0.0.1:6343\" header=128 sampling=64 polling=10 -- set Bridge br0 sflow=@s
    -- --id=@ft create Flow_Table flow_limit=100 overflow_policy=refuse -- set Bridge br0 flow_tables=0=@ft
    -- --id=@ft create Flow_Table flow_limit=100 overflow_policy=evict groups=\"NXM_OF_IN_PORT[]\" -- set Bridge br0 flow_tables:0=@ft
    add-port br0 gre1 -- set interface gre2 type=gre options:remote_ip=1.1.1.1
    list-ports br0
    add-port br0 vx_node1 -- set interface vx_node1 type=vxlan options:remote_ip=192.168.122.174
    get interface vx_node1 options:remote_ip
    add-port br0 c0 -- set interface c0 external_ids:container_id=abc external_ids:container_iface=eth0
    --data=bare --no-heading --columns=name find interface external_ids:container_id=abc external_ids:container_iface=eth0
    --bare --columns=name find interface type=vxlan
    --format=csv --data=bare --no-headings --columns=name,ofport,type find interface name=vx_node1
    --oneline --data=bare get bridge br0 name -- list-ports br0
""")


if __name__ == '__main__':
    sys.exit(twin.main('ovs-vsctl', SCENARIOS, ['--no-wait']))
