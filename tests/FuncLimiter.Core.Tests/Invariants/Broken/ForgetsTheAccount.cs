using FuncLimiter.Core.Scheduling;

namespace FuncLimiter.Core.Tests.Invariants.Broken;

/// <summary>Holds calls to every budget but the account's.</summary>
internal sealed class ForgetsTheAccount(LimiterSpec spec) : LimiterUnderTest(spec with
{
    Accounts = [.. spec.Accounts.Select(account => new AccountSpec(account.Id, []))],
});
