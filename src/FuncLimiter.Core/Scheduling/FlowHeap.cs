namespace FuncLimiter.Core.Scheduling;

/// <summary>Flows by the service their tenants have had, the least first. Every flow knows its place, so any can move or leave in O(log n).</summary>
internal sealed class FlowHeap
{
    private Flow[] flows = new Flow[8];

    public int Count { get; private set; }

    public Flow Least => flows[0];

    public void Add(Flow flow)
    {
        if (Count == flows.Length)
        {
            Array.Resize(ref flows, Count * 2);
        }

        flow.HeapIndex = Count;
        flows[Count++] = flow;
        Rise(flow.HeapIndex);
    }

    public void Remove(Flow flow)
    {
        var index = flow.HeapIndex;
        flow.HeapIndex = -1;
        var last = flows[--Count];
        flows[Count] = null!;
        if (last != flow)
        {
            flows[index] = last;
            last.HeapIndex = index;
            Move(last);
        }
    }

    public void Move(Flow flow)
    {
        Rise(flow.HeapIndex);
        Sink(flow.HeapIndex);
    }

    private void Rise(int index)
    {
        var flow = flows[index];
        while (index > 0 && flow.Clock.Value < flows[(index - 1) / 2].Clock.Value)
        {
            index = Put(flows[(index - 1) / 2], index, (index - 1) / 2);
        }

        Put(flow, index, index);
    }

    private void Sink(int index)
    {
        var flow = flows[index];
        for (var child = (index * 2) + 1; child < Count; child = (index * 2) + 1)
        {
            if (child + 1 < Count && flows[child + 1].Clock.Value < flows[child].Clock.Value)
            {
                child++;
            }

            if (flows[child].Clock.Value >= flow.Clock.Value)
            {
                break;
            }

            index = Put(flows[child], index, child);
        }

        Put(flow, index, index);
    }

    private int Put(Flow flow, int index, int next)
    {
        flows[index] = flow;
        flow.HeapIndex = index;
        return next;
    }
}
