namespace FuncLimiter.Core.Budgets;

/// <summary>What reports of what remains are compared with.</summary>
internal sealed class Traffic
{
    private Charge taken;
    private Charge underWay;

    public ref readonly Charge Taken => ref taken;

    public ref readonly Charge UnderWay => ref underWay;

    public void Begin(in Charge charge)
    {
        taken += charge;
        underWay += charge;
    }

    public void End(in Charge charge) => underWay -= charge;
}
