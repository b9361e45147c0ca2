namespace FuncLimiter.Gateway.Configuration.Reading;

/// <summary>
/// Finds keys that tenants of several organizations would share. Most providers' terms forbid that for a key that is not made for it, so a
/// person must have checked them.
/// </summary>
internal static class SharedKeys
{
    public static void Check(IReadOnlyList<AccountConfiguration> accounts, IReadOnlyList<TenantConfiguration> tenants, MistakeList mistakes)
    {
        for (var index = 0; index < accounts.Count; index++)
        {
            var account = accounts[index];
            var sharers = tenants.Where(tenant => tenant.Allow?.Admits(account) ?? true).DistinctBy(tenant => tenant.Organization).Take(2).ToList();
            if (!account.TermsChecked && sharers is [var one, var other])
            {
                mistakes.Add(
                    JsonPath.Item(JsonPath.Member(JsonPath.Root, "accounts"), index),
                    $"a key that {MistakeList.Quote(one.Id)} and {MistakeList.Quote(other.Id)} share, which are of different organizations",
                    "check the provider's terms and write \"termsChecked\": true, or give the tenants accounts of their own by \"allow\"");
            }
        }
    }
}
