"""Every test of Thespian's suite that does not run on our engine, and why. The suite must skip these and no other."""

_SKIPPED: dict[str, dict[str, tuple[str, ...]]] = {
    "needs several actor systems that adopt each other's actors; this engine lives in one process": {
        "test_manyActorSystems.py::TestFuncConventionDeregistration": ("testNotifications",),
        "test_manyActorSystems.py::TestFuncConventionWatcher": (
            "testNotifications",
            "testNotificationsUponRegistration",
        ),
        "test_manyActorSystems.py::TestFuncManyActorSystem": (
            "test01_checkAllSystemStart",
            "test02_checkAllSystemAndActorsStart",
            "test03_checkAllSystemsAndActorsStart",
            "test04_conversation",
            "test05_uniqueAddresses",
            "test06_primaryActorRequirements",
            "test07_subActorRequirements",
            "test08_requiredRequirementsNotPassedFails",
            "test09_requiredRequirementsPassedToTopLevelSucceeds",
            "test10_requiredRequirementsPassedViaSubLevelSucceeds",
        ),
        "test_multipleActorSystems.py::TestFuncMultiProcessSystem": (
            "test00_nothing",
            "test01_SimpleActor",
            "test02_SimpleActorMatchPrimaryCapabilities",
            "test03_SimpleActorMatchOtherSystemCapabilities",
            "test04_SimpleActorMatchOtherSystemCapabilitiesWithDelay",
            "test05_LocalActorSend",
            "test06_RemoteActorSend",
            "test07_0_RemoteActorSendWithDelay",
            "test07_1_RemoteActorSendAndExitWithDelay",
            "test07_2_RemoteActorSendAndExitWithDelay",
            "test08_0_CreateTwoActorsSeparateSystems",
            "test08_1_CreateTwoActorsSeparateSystemsWithExplicitShutdown",
            "test09_LocalActorAsk",
            "test10_RemoteActorAsk",
            "test11_UnsupportableActorAsk",
            "test12_CreateLocalChildActor",
            "test13_CreateLocalChildOfRemoteActor",
            "test14_CreateRemoteChildOfRemoteActor",
            "test15_LocalToRemoteToLocal",
            "test16_DistributedActorFamily",
            "test17_CreateRemoteFriends",
            "test18_CreateWithTargetActorRequirements",
            "test19_CreateRemoteFriendsWhoExit",
            "test20_CreateRemoteFriendsWhoDisappear",
            "test21_CreateRemoteFriendsShutdownActorSystem",
            "test22_CreateRemoteGlobalNamedChild",
        ),
        "test_preRegistration.py::TestFuncRegistration": (
            "testBadRegistrationAddress",
            "test_Registration",
            "test_RegistrationNotificationWithActorAddress",
            "test_RegistrationNotificationWithAddressString",
            "test_deRegistration",
            "test_publicAddrDeRegistration",
        ),
        "test_sourceLoading.py::TestFuncMultipleSystemsLoadSource": (
            "test08_loadableInRemoteSystemMatchingCapabilities",
            "test08_loadableInRemoteSystemOnlyIfSourceComesFromConventionLeader",
            "test08_multiSystemLoadedSourcesNotSharedIfExplicitlyDisallowed",
            "test08_multiSystemLoadedSourcesNotSharedIfSharingUnrecognized",
            "test08_multiSystemSharesLoadedSourcesByDefault",
            "test08_multiSystemSharesLoadedSourcesIfExplicitlyAllowed",
            "test09_loadableInRemoteSystemUnloadedOnMemberUnload",
            "test09_loadableInRemoteSystemUnloadedOnPrimaryUnload",
            "test09_properErrorIfActorCapabilitiesNotSatisfied",
            "test10_multiSystemStartSubActorByClassReferenceLocally",
            "test10_multiSystemStartSubActorByClassReferenceRemotely",
            "test10_multiSystemStartSubActorCannotStart",
        ),
        "test_updateSystemCapabilities.py::TestFuncCapabilityUpdates": (
            "test00_systemsRunnable",
            "test01_defaultSystemsDoNotSupportColorActors",
            "test02_1_addColorCapabilitiesAllowsColorActorsAndSubActors",
            "test02_addColorCapabilitiesAllowsColorActors",
            "test03_addMultipleColorCapabilitiesToOneActorSystemAllowsColorActors",
            "test04_1_actorAddCapabilitiesEnablesOtherActors",
            "test04_addMultipleColorCapabilitiesToLeaderActorSystemAllowsColorActors",
            "test05_1_removingColorCapabilitiesViaActorKillsExistingColorActors",
            "test05_removingColorCapabilitiesKillsExistingColorActors",
            "test06_removingColorCapabilitiesPreventsNewColorActors",
            "test07_removingNonExistentCapabilitiesHasNoEffect",
            "test08_settingCapabilityToSameValueHasNoEffect",
            "test09_removingCapabilityTwiceHasNoEffectTheSecondTime",
            "test10_removingColorCapabilitiesOnOtherActorSystemsDoesNotAffectExistingColorActors",
            "test11_1_capabilityRemovalOnlyAffectsOneSystem",
            "test11_allSubActorsNotifiedOfCapabilityChanges",
            "test12_updateCapabilitiesAffectsActorDrivenCreateRequests",
            "test13_removeOriginalCapabilitiesAffectsActorDrivenCreateRequests",
        ),
    },
    "would signal the test process itself; Thespian skips it where actors are not processes": {
        "test_actorSignals.py::TestFuncMultiProcActorSignals": (
            "testChildSig",
            "test_signal",
        ),
    },
    "Thespian skips it for multiprocQueueBase, and it fails on its own multiprocTCPBase, too": {
        "test_runcommand.py::TestRunCommand": ("testCommandAbort",),
    },
    "tests imports of Python 2; Thespian skips it on Python 3": {
        "test_sourceLoading.py::TestFuncLoadSource": ("test02_verifyAllOLDSTYLERelativeImportPossibilities",),
    },
    "Thespian runs it for simpleSystemBase alone": {
        "test_sourceLoading.py::TestFuncLoadSource": ("test07_sourceAuthorityExceptions",),
    },
}

SKIPPED: dict[str, str] = {
    f"{test_class}::{name}": reason
    for reason, classes in _SKIPPED.items()
    for test_class, names in classes.items()
    for name in names
}
"""Reasons by test."""
