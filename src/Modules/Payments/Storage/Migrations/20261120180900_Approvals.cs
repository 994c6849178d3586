using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace OpenBanking.Payments.Storage.Migrations
{
    /// <inheritdoc />
    public partial class Approvals : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Approvals",
                schema: "payments",
                table: "orders",
                type: "character varying(4)",
                maxLength: 4,
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "ApprovalsChangedAt",
                schema: "payments",
                table: "orders",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "ApprovalsReceived",
                schema: "payments",
                table: "orders",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<int>(
                name: "ApprovalsRequired",
                schema: "payments",
                table: "orders",
                type: "integer",
                nullable: true);

            migrationBuilder.AddColumn<DateTimeOffset>(
                name: "ApproveBefore",
                schema: "payments",
                table: "orders",
                type: "timestamp with time zone",
                nullable: true);

            migrationBuilder.CreateTable(
                name: "order_approvals",
                schema: "payments",
                columns: table => new
                {
                    OrderId = table.Column<string>(type: "character varying(40)", maxLength: 40, nullable: false),
                    CustomerId = table.Column<string>(type: "text", nullable: false),
                    At = table.Column<DateTimeOffset>(type: "timestamp with time zone", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_order_approvals", x => new { x.OrderId, x.CustomerId });
                    table.ForeignKey(
                        name: "FK_order_approvals_orders_OrderId",
                        column: x => x.OrderId,
                        principalSchema: "payments",
                        principalTable: "orders",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_orders_AccountId",
                schema: "payments",
                table: "orders",
                column: "AccountId",
                filter: "\"Approvals\" = 'AWAF'");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "order_approvals",
                schema: "payments");

            migrationBuilder.DropIndex(
                name: "IX_orders_AccountId",
                schema: "payments",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "Approvals",
                schema: "payments",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "ApprovalsChangedAt",
                schema: "payments",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "ApprovalsReceived",
                schema: "payments",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "ApprovalsRequired",
                schema: "payments",
                table: "orders");

            migrationBuilder.DropColumn(
                name: "ApproveBefore",
                schema: "payments",
                table: "orders");
        }
    }
}
