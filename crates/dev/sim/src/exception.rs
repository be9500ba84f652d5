//! Exceptions with stack traces as their languages print them.

use crate::service::Language;

/// An exception as an SDK records it.
#[derive(Debug)]
pub struct Exception {
    /// `exception.type`.
    pub kind: &'static str,
    /// `exception.message`.
    pub message: &'static str,
    /// `exception.stacktrace`.
    pub stack: &'static str,
}

macro_rules! exceptions {
    ($($ident:ident = $kind:literal $message:literal $stack:expr;)*) => {
        $(pub(crate) static $ident: Exception =
            Exception { kind: $kind, message: $message, stack: $stack };)*
    };
}

exceptions! {
    PARTNER_TIMEOUT = "java.net.http.HttpTimeoutException" "request timed out"
        "java.net.http.HttpTimeoutException: request timed out
\tat java.net.http/jdk.internal.net.http.HttpClientImpl.send(HttpClientImpl.java:950)
\tat java.net.http/jdk.internal.net.http.HttpClientFacade.send(HttpClientFacade.java:133)
\tat jp.oak.payment.network.NetworkClient.exchange(NetworkClient.java:88)
\tat jp.oak.payment.network.NetworkClient.authorize(NetworkClient.java:61)
\tat jp.oak.payment.AuthorizeService.authorize(AuthorizeService.java:142)
\tat jp.oak.payment.PaymentGrpc.authorize(PaymentGrpc.java:54)
\tat io.grpc.stub.ServerCalls$UnaryServerCallHandler$UnaryServerCallListener.onHalfClose(ServerCalls.java:182)
\tat io.grpc.internal.ServerCallImpl$ServerStreamListenerImpl.halfClosed(ServerCallImpl.java:356)
\tat java.base/java.lang.VirtualThread.run(VirtualThread.java:329)";
    GRPC_STATUS = "io.grpc.StatusRuntimeException" "DEADLINE_EXCEEDED: card network did not answer within 3000 ms"
        "io.grpc.StatusRuntimeException: DEADLINE_EXCEEDED: card network did not answer within 3000 ms
\tat io.grpc.stub.ClientCalls.toStatusRuntimeException(ClientCalls.java:368)
\tat io.grpc.stub.ClientCalls.getUnchecked(ClientCalls.java:349)
\tat io.grpc.stub.ClientCalls.blockingUnaryCall(ClientCalls.java:174)
\tat payment.v1.PaymentGrpc$PaymentBlockingStub.authorize(PaymentGrpc.java:412)
\tat jp.oak.checkout.PlaceOrder.pay(PlaceOrder.java:117)
\tat jp.oak.checkout.CheckoutController.post(CheckoutController.java:71)
\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:885)
\tat org.apache.tomcat.util.threads.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1190)
\tat java.base/java.lang.Thread.run(Thread.java:1583)";
    JAVA_UPSTREAM = "org.springframework.web.client.HttpServerErrorException" "500 Internal Server Error"
        "org.springframework.web.client.HttpServerErrorException$InternalServerError: 500 Internal Server Error
\tat org.springframework.web.client.HttpServerErrorException.create(HttpServerErrorException.java:102)
\tat org.springframework.web.client.DefaultResponseErrorHandler.handleError(DefaultResponseErrorHandler.java:186)
\tat org.springframework.web.client.RestTemplate.doExecute(RestTemplate.java:897)
\tat jp.oak.checkout.Upstream.call(Upstream.java:39)
\tat jp.oak.checkout.CheckoutController.post(CheckoutController.java:66)
\tat java.base/java.lang.Thread.run(Thread.java:1583)";
    NULL_POINTER = "java.lang.NullPointerException" "Cannot invoke \"jp.oak.checkout.Coupon.discount()\" because \"coupon\" is null"
        "java.lang.NullPointerException: Cannot invoke \"jp.oak.checkout.Coupon.discount()\" because \"coupon\" is null
\tat jp.oak.checkout.PriceCalculator.discounted(PriceCalculator.java:203)
\tat jp.oak.checkout.PriceCalculator.total(PriceCalculator.java:97)
\tat jp.oak.checkout.PlaceOrder.place(PlaceOrder.java:58)
\tat jp.oak.checkout.CheckoutController.post(CheckoutController.java:64)
\tat jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tat org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:255)
\tat org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1088)
\tat java.base/java.lang.Thread.run(Thread.java:1583)";
    ILLEGAL_STATE = "java.lang.IllegalStateException" "payment is already captured"
        "java.lang.IllegalStateException: payment is already captured
\tat jp.oak.payment.PaymentState.next(PaymentState.java:44)
\tat jp.oak.payment.AuthorizeService.authorize(AuthorizeService.java:131)
\tat jp.oak.payment.PaymentGrpc.authorize(PaymentGrpc.java:54)
\tat io.grpc.internal.ServerCallImpl$ServerStreamListenerImpl.halfClosed(ServerCallImpl.java:356)
\tat java.base/java.lang.VirtualThread.run(VirtualThread.java:329)";
    PARTNER_503 = "jp.oak.payment.network.NetworkException" "503 from card network after 2 attempts"
        "jp.oak.payment.network.NetworkException: 503 from card network after 2 attempts
\tat jp.oak.payment.network.NetworkClient.exchange(NetworkClient.java:103)
\tat jp.oak.payment.network.NetworkClient.authorize(NetworkClient.java:61)
\tat jp.oak.payment.AuthorizeService.authorize(AuthorizeService.java:142)
\tat java.base/java.lang.VirtualThread.run(VirtualThread.java:329)";
    SERIALIZATION = "*pgconn.PgError" "ERROR: could not serialize access due to concurrent update (SQLSTATE 40001)"
        "goroutine 8412 [running]:
oak.example/ledger/internal/store.(*Store).lockBalance(0xc0004a2000, {0x1a3f8e0, 0xc000b1e3c0})
\t/src/internal/store/balance.go:67 +0x1d4
oak.example/ledger/internal/post.(*Poster).Post(0xc00031c0f0, {0x1a3f8e0, 0xc000b1e3c0}, 0xc0008f6a80)
\t/src/internal/post/post.go:112 +0x2f8
oak.example/ledger/internal/rpc.(*Server).Post(0xc00031c140, {0x1a3f8e0, 0xc000b1e390}, 0xc0008f6a80)
\t/src/internal/rpc/server.go:48 +0x9c
google.golang.org/grpc.(*Server).processUnaryRPC(0xc000228000)
\t/go/pkg/mod/google.golang.org/grpc@v1.79.0/server.go:1405 +0xe6f";
    GO_INTERNAL = "*errors.errorString" "context canceled while writing response"
        "goroutine 2219 [running]:
oak.example/edge/internal/proxy.(*Handler).ServeHTTP(0xc0002f6000)
\t/src/internal/proxy/handler.go:131 +0x5a8
net/http.(*conn).serve(0xc0007d2120)
\t/usr/local/go/src/net/http/server.go:2102 +0x625";
    TYPE_ERROR = "TypeError" "Cannot read properties of undefined (reading 'currency')"
        "TypeError: Cannot read properties of undefined (reading 'currency')
    at formatPrice (/app/dist/price.js:41:27)
    at renderCart (/app/dist/cart.js:88:12)
    at async handler (/app/dist/routes/checkout.js:33:18)
    at async Layer.handle (/app/node_modules/express/lib/router/layer.js:95:5)";
    NODE_UPSTREAM = "FetchError" "upstream answered 5xx"
        "FetchError: upstream answered 5xx
    at request (/app/dist/upstream.js:57:13)
    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)
    at async handler (/app/dist/routes/checkout.js:29:22)";
    KEY_ERROR = "KeyError" "'device_id'"
        "Traceback (most recent call last):
  File \"/app/risk/main.py\", line 84, in score
    features = await build_features(request)
  File \"/app/risk/features.py\", line 41, in build_features
    device = profile[request.payload[\"device_id\"]]
             ~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
KeyError: 'device_id'";
    MODEL_ERROR = "risk.model.ModelNotLoaded" "model 2026-11-gbm is not loaded"
        "Traceback (most recent call last):
  File \"/app/risk/main.py\", line 91, in score
    score = MODEL.predict(features)
  File \"/app/risk/model.py\", line 28, in predict
    raise ModelNotLoaded(f\"model {self.name} is not loaded\")
risk.model.ModelNotLoaded: model 2026-11-gbm is not loaded";
    PYTHON_UPSTREAM = "httpx.HTTPStatusError" "Server error '500 Internal Server Error'"
        "Traceback (most recent call last):
  File \"/app/fx/main.py\", line 37, in rates
    response.raise_for_status()
  File \"/usr/lib/python3.13/site-packages/httpx/_models.py\", line 829, in raise_for_status
    raise HTTPStatusError(message, request=request, response=self)
httpx.HTTPStatusError: Server error '500 Internal Server Error'";
    DOTNET_INVALID = "System.InvalidOperationException" "Refund exceeds captured amount"
        "System.InvalidOperationException: Refund exceeds captured amount
   at Oak.Refund.RefundPolicy.Check(Purchase purchase, Decimal amount) in /src/RefundPolicy.cs:line 52
   at Oak.Refund.RefundService.CreateAsync(CreateRefund command) in /src/RefundService.cs:line 77
   at Microsoft.AspNetCore.Http.RequestDelegateFactory.ExecuteTaskResult[T](Task`1 task, HttpContext httpContext)
   at Microsoft.AspNetCore.Routing.EndpointMiddleware.Invoke(HttpContext httpContext)";
    DOTNET_UPSTREAM = "Grpc.Core.RpcException" "Status(StatusCode=\"Internal\", Detail=\"upstream failed\")"
        "Grpc.Core.RpcException: Status(StatusCode=\"Internal\", Detail=\"upstream failed\")
   at Oak.Refund.PaymentClient.RefundAsync(RefundRequest request) in /src/PaymentClient.cs:line 31
   at Oak.Refund.RefundService.CreateAsync(CreateRefund command) in /src/RefundService.cs:line 83";
    REJECTED = "java.util.concurrent.RejectedExecutionException" "executor queue is full (200 waiting)"
        "java.util.concurrent.RejectedExecutionException: executor queue is full (200 waiting)
\tat java.base/java.util.concurrent.ThreadPoolExecutor$AbortPolicy.rejectedExecution(ThreadPoolExecutor.java:2090)
\tat java.base/java.util.concurrent.ThreadPoolExecutor.execute(ThreadPoolExecutor.java:1379)
\tat jp.oak.payment.Dispatcher.submit(Dispatcher.java:33)
\tat java.base/java.lang.Thread.run(Thread.java:1583)";
}

/// The exception that a service in this language records when a service it called has failed. Go
/// code returns errors and records none.
pub(crate) fn upstream(language: Language, timed_out: bool) -> Option<&'static Exception> {
    match language {
        Language::Go => None,
        Language::Java if timed_out => Some(&GRPC_STATUS),
        Language::Java => Some(&JAVA_UPSTREAM),
        Language::Node => Some(&NODE_UPSTREAM),
        Language::Python => Some(&PYTHON_UPSTREAM),
        Language::DotNet => Some(&DOTNET_UPSTREAM),
    }
}
