"""The action and variable tables of the three services, as data.

Source: ContentDirectory:1 section 2, ConnectionManager:1 section 2, and for
the registrar what Windows and the Xbox 360 call (reference
connection-manager.md).
"""

from conformance.device import CDS, CMS, REGISTRAR

_PAGE_IN = (
    ("in", "Filter", "A_ARG_TYPE_Filter"),
    ("in", "StartingIndex", "A_ARG_TYPE_Index"),
    ("in", "RequestedCount", "A_ARG_TYPE_Count"),
    ("in", "SortCriteria", "A_ARG_TYPE_SortCriteria"),
)
_PAGE_OUT = (
    ("out", "Result", "A_ARG_TYPE_Result"),
    ("out", "NumberReturned", "A_ARG_TYPE_Count"),
    ("out", "TotalMatches", "A_ARG_TYPE_Count"),
    ("out", "UpdateID", "A_ARG_TYPE_UpdateID"),
)
_IDENTITY = (
    ("in", "DeviceID", "A_ARG_TYPE_DeviceID"),
    ("out", "Result", "A_ARG_TYPE_Result"),
)

ACTIONS = {
    CDS: {
        "GetSearchCapabilities": (("out", "SearchCaps", "SearchCapabilities"),),
        "GetSortCapabilities": (("out", "SortCaps", "SortCapabilities"),),
        "GetSystemUpdateID": (("out", "Id", "SystemUpdateID"),),
        "Browse": (
            ("in", "ObjectID", "A_ARG_TYPE_ObjectID"),
            ("in", "BrowseFlag", "A_ARG_TYPE_BrowseFlag"),
            *_PAGE_IN,
            *_PAGE_OUT,
        ),
        "Search": (
            ("in", "ContainerID", "A_ARG_TYPE_ObjectID"),
            ("in", "SearchCriteria", "A_ARG_TYPE_SearchCriteria"),
            *_PAGE_IN,
            *_PAGE_OUT,
        ),
    },
    CMS: {
        "GetProtocolInfo": (
            ("out", "Source", "SourceProtocolInfo"),
            ("out", "Sink", "SinkProtocolInfo"),
        ),
        "GetCurrentConnectionIDs": (("out", "ConnectionIDs", "CurrentConnectionIDs"),),
        "GetCurrentConnectionInfo": (
            ("in", "ConnectionID", "A_ARG_TYPE_ConnectionID"),
            ("out", "RcsID", "A_ARG_TYPE_RcsID"),
            ("out", "AVTransportID", "A_ARG_TYPE_AVTransportID"),
            ("out", "ProtocolInfo", "A_ARG_TYPE_ProtocolInfo"),
            ("out", "PeerConnectionManager", "A_ARG_TYPE_ConnectionManager"),
            ("out", "PeerConnectionID", "A_ARG_TYPE_ConnectionID"),
            ("out", "Direction", "A_ARG_TYPE_Direction"),
            ("out", "Status", "A_ARG_TYPE_ConnectionStatus"),
        ),
    },
    REGISTRAR: {
        "IsAuthorized": _IDENTITY,
        "IsValidated": _IDENTITY,
        "RegisterDevice": (
            ("in", "RegistrationReqMsg", "A_ARG_TYPE_RegistrationReqMsg"),
            ("out", "RegistrationRespMsg", "A_ARG_TYPE_RegistrationRespMsg"),
        ),
    },
}
OPTIONAL = {"Search", "RegisterDevice"}

# name: (dataType, sendEvents)
VARIABLES = {
    CDS: {
        "SearchCapabilities": ("string", "no"),
        "SortCapabilities": ("string", "no"),
        "SystemUpdateID": ("ui4", "yes"),
        "ContainerUpdateIDs": ("string", "yes"),
        "TransferIDs": ("string", "yes"),
        "A_ARG_TYPE_ObjectID": ("string", "no"),
        "A_ARG_TYPE_Result": ("string", "no"),
        "A_ARG_TYPE_SearchCriteria": ("string", "no"),
        "A_ARG_TYPE_BrowseFlag": ("string", "no"),
        "A_ARG_TYPE_Filter": ("string", "no"),
        "A_ARG_TYPE_SortCriteria": ("string", "no"),
        "A_ARG_TYPE_Index": ("ui4", "no"),
        "A_ARG_TYPE_Count": ("ui4", "no"),
        "A_ARG_TYPE_UpdateID": ("ui4", "no"),
    },
    CMS: {
        "SourceProtocolInfo": ("string", "yes"),
        "SinkProtocolInfo": ("string", "yes"),
        "CurrentConnectionIDs": ("string", "yes"),
        "A_ARG_TYPE_ConnectionStatus": ("string", "no"),
        "A_ARG_TYPE_ConnectionManager": ("string", "no"),
        "A_ARG_TYPE_Direction": ("string", "no"),
        "A_ARG_TYPE_ProtocolInfo": ("string", "no"),
        "A_ARG_TYPE_ConnectionID": ("i4", "no"),
        "A_ARG_TYPE_AVTransportID": ("i4", "no"),
        "A_ARG_TYPE_RcsID": ("i4", "no"),
    },
    REGISTRAR: {
        "A_ARG_TYPE_DeviceID": ("string", "no"),
        "A_ARG_TYPE_Result": ("int", "no"),
        "AuthorizationGrantedUpdateID": ("ui4", "yes"),
        "AuthorizationDeniedUpdateID": ("ui4", "yes"),
        "ValidationSucceededUpdateID": ("ui4", "yes"),
        "ValidationRevokedUpdateID": ("ui4", "yes"),
    },
}

ALLOWED = {
    CDS: {"A_ARG_TYPE_BrowseFlag": ("BrowseMetadata", "BrowseDirectChildren")},
    CMS: {
        "A_ARG_TYPE_ConnectionStatus": (
            *("OK", "ContentFormatMismatch", "InsufficientBandwidth"),
            *("UnreliableChannel", "Unknown"),
        ),
        "A_ARG_TYPE_Direction": ("Input", "Output"),
    },
}
